"""assistant adapters: add, list, info, remove; and what bad files get."""

import json
import shutil
from pathlib import Path

import pytest

from assistant.errors import AdapterError, AssistantError, NotFound, StorageError, UsageError
from tests.plugins.lora.conftest import write_lora


def kept(program):
    folder = program.folders.data / "adapters"
    return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


def test_an_adapter_is_added_listed_shown_and_removed(program, adapters, lora_file):
    added = json.loads(adapters("add", lora_file, "--json").stdout)["adapters"][0]
    lora_file.unlink()
    rows = json.loads(adapters("list", "--json").stdout)["adapters"]
    assert rows == [added]
    assert added["name"] == "tone"
    assert added["base"] == "smollm2-135m"
    assert (added["rank"], added["alpha"], added["tensors"], added["precision"]) == (4, 8.0, 6, "F32")
    assert added["targets"] == ["attn_q", "attn_v", "ffn_down"]
    assert added["size_bytes"] == Path(added["path"]).stat().st_size
    assert "rank 4" in adapters("list").stdout
    info = json.loads(adapters("info", "tone", "--json").stdout)["adapters"][0]
    assert len(info["sha256"]) == 64
    assert kept(program) == ["tone.gguf", "tone.json"]
    assert adapters("remove", "tone", "--yes").exit_code == 0
    assert kept(program) == []


def test_listing_opens_no_adapter_file(program, adapters, lora_file):
    adapters("add", lora_file)
    path = program.folders.data / "adapters" / "tone.gguf"
    path.write_bytes(bytes(path.stat().st_size))
    assert json.loads(adapters("list", "--json").stdout)["adapters"][0]["rank"] == 4


def test_removing_asks_first(program, adapters, lora_file):
    adapters("add", lora_file)
    refused = adapters("remove", "tone", input="n\n")
    assert isinstance(refused.exception, UsageError)
    assert kept(program) == ["tone.gguf", "tone.json"]
    assert adapters("remove", "tone", input="y\n").exit_code == 0
    assert kept(program) == []


def damaged(folder: Path) -> dict[str, Path]:
    good = write_lora(folder / "good.gguf")
    data = good.read_bytes()
    files = {name: folder / f"{name}.gguf" for name in ("empty", "text", "short", "headless")}
    files["empty"].write_bytes(b"")
    files["text"].write_text("not a model")
    files["short"].write_bytes(data[: len(data) // 2])
    files["headless"].write_bytes(data[:40])
    files["arch"] = write_lora(folder / "arch.gguf", arch="qwen2")
    files["kind"] = write_lora(folder / "kind.gguf", kind="model")
    files["shape"] = write_lora(folder / "shape.gguf", shapes={"blk.0.attn_q.weight": (512, 576)})
    files["tensor"] = write_lora(folder / "tensor.gguf", shapes={"blk.99.attn_q.weight": (576, 576)})
    files["nothing"] = write_lora(folder / "nothing.gguf", shapes={})
    return files


def test_a_file_that_llama_cpp_must_not_see_is_refused_with_a_sentence(program, adapters, tmp_path):
    for name, file in damaged(tmp_path).items():
        result = adapters("add", file)
        assert isinstance(result.exception, AdapterError), name
        assert file.name in result.exception.message, name
    assert kept(program) == []


def test_names_that_clash_or_cannot_be_typed_are_refused(program, adapters, lora_file):
    adapters("add", lora_file)
    clash = adapters("add", lora_file).exception
    assert isinstance(clash, UsageError)
    assert "--name" in clash.hint
    for name in ("../up", "a=b", "off", "0.5", "", ".hidden", "two words"):
        assert isinstance(adapters("add", lora_file, "--name", name).exception, UsageError), name
    assert adapters("add", lora_file, "--name", "tone-2").exit_code == 0
    assert kept(program) == ["tone-2.gguf", "tone-2.json", "tone.gguf", "tone.json"]


def test_unknown_names_are_not_found_with_a_suggestion(adapters, lora_file, tmp_path):
    adapters("add", lora_file)
    for words in (("info", "tome"), ("remove", "tome", "--yes")):
        fault = adapters(*words).exception
        assert isinstance(fault, NotFound)
        assert "tone" in fault.hint
    assert isinstance(adapters("add", tmp_path / "gone.gguf").exception, NotFound)
    assert isinstance(adapters("add", lora_file, "--name", "x", "--model", "nope").exception, NotFound)
    assert isinstance(adapters("remove", "../../tone", "--yes").exception, NotFound)


def test_a_damaged_entry_is_named_once_and_does_not_hide_the_others(program, adapters, lora_file):
    adapters("add", lora_file)
    adapters("add", lora_file, "--name", "broken")
    (program.folders.data / "adapters" / "broken.json").write_text('{"facts": 3}')
    assert [row["name"] for row in json.loads(adapters("list", "--json").stdout)["adapters"]] == ["tone"]
    assert [f.plugin for f in program.registry.failures if f.stage == "register_adapters"] == ["lora"]
    assert isinstance(adapters("info", "broken").exception, AdapterError)
    assert adapters("remove", "broken", "--yes").exit_code == 0
    adapters("list")
    assert not [f for f in program.registry.failures if f.stage == "register_adapters"]


def test_a_full_disk_keeps_nothing(program, adapters, lora_file, monkeypatch):
    usage = shutil.disk_usage(lora_file)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    fault = adapters("add", lora_file).exception
    assert isinstance(fault, StorageError)
    assert "MB" in fault.message
    assert kept(program) == []


def test_a_folder_that_cannot_be_made_is_a_sentence(program, adapters, lora_file):
    blocked = program.folders.data / "adapters"
    blocked.write_text("a file where the folder should be")
    fault = adapters("add", lora_file).exception
    assert isinstance(fault, StorageError)
    assert str(blocked) in fault.message


@pytest.mark.parametrize("base", ["smollm2-135m", None])
def test_the_base_model_may_be_named(program, adapters, lora_file, base):
    path = program.registry.models["smollm2-135m"].value.path
    assert adapters("add", lora_file, "--model", base or path).exit_code == 0
    assert program.registry.refresh("adapters") is None
    assert program.registry.adapters["tone"].value.base == (base or path.stem)


def test_every_fault_has_a_hint_or_says_all(adapters, tmp_path):
    for words in (("info", "nobody"), ("add", tmp_path), ("remove", "nobody")):
        fault = adapters(*words).exception
        assert isinstance(fault, AssistantError)
        assert fault.hint
