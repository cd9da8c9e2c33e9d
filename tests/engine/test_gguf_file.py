"""Reading GGUF headers: right ones rightly, wrong ones with a sentence."""

import random
import struct
import time

import gguf
import numpy as np
import pytest

from assistant.engine import check_model, read_gguf
from assistant.errors import AdapterError, ModelError

START = b"GGUF" + struct.pack("<I", 3)


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack("<Q", len(data)) + data


def key(name, kind, value):
    return string(name) + struct.pack("<I", kind) + value


def tensor(name, shape, kind=0, offset=0):
    return string(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def file(keys=(), tensors=(), rest=b""):
    return START + struct.pack("<QQ", len(tensors), len(keys)) + b"".join(keys) + b"".join(tensors) + rest


@pytest.fixture
def write_model(tmp_path):
    """Write a model with all that the checks want, and only that."""

    def write(name="model.gguf", *, part=None, tensors=("token_embd.weight",), words=300_000):
        path = tmp_path / name
        writer = gguf.GGUFWriter(path, "llama")
        if part is not None:
            writer.add_uint16("split.no", part[0])
            writer.add_uint16("split.count", part[1])
        writer.add_tokenizer_model("gpt2")
        writer.add_token_list([f"word{number}" for number in range(words)])
        writer.add_array("test.short", [1.5, -2.5])
        writer.add_array("test.words", ["one", "zwei", "三"])
        for kind in (np.float32, np.float16):
            for tensor_name in tensors:
                writer.add_tensor(f"{kind.__name__}.{tensor_name}", np.ones((3, 64), kind))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write


def test_the_starter_model_reads_as_gguf_s_own_reader_reads_it(starter, header):
    reader = gguf.GGUFReader(starter)
    assert list(header.tensors) == [tensor.name for tensor in reader.tensors]
    for theirs in reader.tensors:
        ours = header.tensors[theirs.name]
        assert ours.shape == tuple(int(length) for length in theirs.shape)
        assert (ours.type, ours.size_bytes) == (theirs.tensor_type.name, theirs.n_bytes)
        assert header.data_start + ours.offset == theirs.data_offset
    for name, value in header.metadata.items():
        if value is not None:
            assert value == reader.fields[name].contents(), name


def test_a_header_longer_than_the_window_is_read(write_model):
    found = read_gguf(write_model())
    assert found.data_start > 3 << 20
    assert found.metadata["tokenizer.ggml.tokens"] is None
    assert found.metadata["test.short"] == [1.5, -2.5]
    assert found.metadata["test.words"] == ["one", "zwei", "三"]
    assert found.types["test.words"] == "array"
    assert found.tensors["float16.token_embd.weight"].shape == (64, 3)


def test_a_model_in_several_files_is_checked_as_one(write_model):
    first = write_model("big-00001-of-00002.gguf", part=(0, 2), words=10)
    with pytest.raises(ModelError, match="00002-of-00002"):
        check_model(first)
    second = write_model("big-00002-of-00002.gguf", part=(1, 2), words=10, tensors=("output.weight",))
    whole = check_model(first)
    assert {"float32.token_embd.weight", "float32.output.weight"} <= set(whole.tensors)
    assert whole.size_bytes == first.stat().st_size + second.stat().st_size
    with pytest.raises(ModelError, match="one part"):
        check_model(second)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"GG", "no GGUF"),
        (b"PK\x03\x04 something else", "no GGUF"),
        (b"GGUF\x03\0", "truncated"),
        (b"GGUF" + struct.pack("<I", 1) + bytes(100), "version 1"),
        (b"GGUF" + struct.pack("<I", 99) + bytes(100), "version 99"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(100), "version"),
        (START + struct.pack("<QQ", 1 << 62, 0), "claims"),
        (START + struct.pack("<QQ", 0, 1 << 62), "claims"),
        (START + struct.pack("<QQ", 0, 1) + struct.pack("<Q", 1 << 63) + bytes(40), "impossible length"),
        (file([key(b"\xff\xfe", 4, bytes(4))]), "no text"),
        (file([key("k", 4, bytes(4)), key("k", 4, bytes(4))]), "twice"),
        (file([key("k", 13, bytes(8))], rest=bytes(40)), "unknown type 13"),
        (file([key("k", 8, struct.pack("<Q", 1 << 40))], rest=bytes(40)), "impossible length"),
        (file([key("k", 8, struct.pack("<Q", 4000))], rest=bytes(40)), "truncated"),
        (file([key("k", 9, struct.pack("<IQ", 9, 1))], rest=bytes(40)), "nested"),
        (file([key("k", 9, struct.pack("<IQ", 77, 1))], rest=bytes(40)), "unknown type 77"),
        (file([key("k", 9, struct.pack("<IQ", 4, 1 << 60))], rest=bytes(40)), "longer than the file"),
        (file([key("k", 9, struct.pack("<IQ", 8, 1 << 60))], rest=bytes(40)), "longer than the file"),
        (file([key("k", 9, struct.pack("<IQ", 8, 100) + b"\xff" * 2000)]), "longer than the file"),
        (file([], [tensor("t", ())], rest=bytes(64)), "0 dimensions"),
        (file([], [tensor("t", (1,) * 5)], rest=bytes(64)), "5 dimensions"),
        (file([], [tensor("t", (1 << 40, 1 << 40))], rest=bytes(64)), "impossible shape"),
        (file([], [tensor("t", (1 << 63, 2))], rest=bytes(64)), "impossible shape"),
        (file([], [tensor("t", (0,))], rest=bytes(64)), "impossible shape"),
        (file([], [tensor("t", (33,), kind=8)], rest=bytes(64)), "impossible shape"),
        (file([], [tensor("t", (8,), kind=4)], rest=bytes(64)), "unknown type"),
        (file([], [tensor("t", (8,), offset=1 << 62)], rest=bytes(64)), "outside"),
        (file([], [tensor("t", (8,), offset=7)], rest=bytes(64)), "outside"),
        (file([], [tensor("t", (4000,))], rest=bytes(64)), "outside"),
        (file([], [tensor("t", (1,)), tensor("t", (1,))], rest=bytes(64)), "twice"),
        (file([key("general.alignment", 4, struct.pack("<I", 0))]), "alignment"),
        (file([key("general.alignment", 4, struct.pack("<I", 24))]), "alignment"),
        (file([key("general.alignment", 6, struct.pack("<f", 32))]), "alignment"),
        (file([key("general.architecture", 8, string("llama"))]), "no tensors"),
        (file([key("general.architecture", 4, bytes(4))], [tensor("t", (1,))], bytes(64)), "architecture"),
        (file([key("general.architecture", 8, string("llama"))], [tensor("t", (1,))], bytes(64)), "vocabulary"),
        (file([key("general.type", 8, string("adapter"))]), "is an adapter"),
    ],
)
def test_a_senseless_file_is_refused_with_its_reason(tmp_path, data, reason):
    path = tmp_path / "bad.gguf"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"bad\.gguf") as refusal:
        check_model(path)
    assert reason in refusal.value.message


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "none.gguf", tmp_path / "nul\0.gguf"):
        with pytest.raises(ModelError):
            read_gguf(path)


def test_a_damaged_header_of_a_real_model_raises_nothing_else_and_takes_no_time(starter, header, tmp_path):
    with starter.open("rb") as stream:
        good = stream.read(header.data_start)
    chance, path, longest = random.Random(3), tmp_path / "mutant.gguf", 0.0
    for number in range(200):
        data = bytearray(good[: chance.choice((len(good), chance.randrange(len(good)), chance.randrange(2000)))])
        for _ in range(chance.randint(0, 4)):
            # The first two kilobytes and the tensor list at the end hold all the structure.
            place = chance.randrange(2000) if number % 2 else len(data) - 1 - chance.randrange(min(len(data), 16_000))
            data[min(place, len(data) - 1)] = chance.choice((0, 1, 8, 9, 127, 128, 255, chance.randrange(256)))
        path.write_bytes(data)
        started = time.process_time()
        with pytest.raises((ModelError, AdapterError)):
            check_model(path)
        longest = max(longest, time.process_time() - started)
    assert longest < 2
