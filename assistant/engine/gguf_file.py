"""Reads the header of a GGUF file (ggml's docs/gguf.md, versions 2 and 3), trusting nothing in it.

A hostile header must cost neither memory nor time: counts are compared with the bytes that are there before
anything is allocated, arrays are walked and not kept, nesting is refused.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assistant.errors import ModelError

MAGIC = b"GGUF"
MAX_KEYS = 65_536
MAX_TENSORS = 1_000_000
MAX_STRING = 16 * 1024 * 1024
MAX_KEY = 65_535
MAX_DIMENSIONS = 4
KEPT_ARRAY = 64
"""Longer arrays (vocabularies) are walked and not kept."""

STRING, ARRAY = 8, 9
NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
TYPE_NAMES = {4: "u32", 5: "i32", 6: "f32", 7: "bool", STRING: "string", ARRAY: "array", 10: "u64", 12: "f64"}

BLOCKS = {
    0: ("F32", 1, 4), 1: ("F16", 1, 2), 2: ("Q4_0", 32, 18), 3: ("Q4_1", 32, 20), 6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24), 8: ("Q8_0", 32, 34), 9: ("Q8_1", 32, 36), 10: ("Q2_K", 256, 84), 11: ("Q3_K", 256, 110),
    12: ("Q4_K", 256, 144), 13: ("Q5_K", 256, 176), 14: ("Q6_K", 256, 210), 15: ("Q8_K", 256, 292),
    16: ("IQ2_XXS", 256, 66), 17: ("IQ2_XS", 256, 74), 18: ("IQ3_XXS", 256, 98), 19: ("IQ1_S", 256, 50),
    20: ("IQ4_NL", 32, 18), 21: ("IQ3_S", 256, 110), 22: ("IQ2_S", 256, 82), 23: ("IQ4_XS", 256, 136),
    24: ("I8", 1, 1), 25: ("I16", 1, 2), 26: ("I32", 1, 4), 27: ("I64", 1, 8), 28: ("F64", 1, 8),
    29: ("IQ1_M", 256, 56), 30: ("BF16", 1, 2), 34: ("TQ1_0", 256, 54), 35: ("TQ2_0", 256, 66),
    39: ("MXFP4", 32, 17), 40: ("NVFP4", 64, 36),
}  # fmt: skip
"""ggml type to name, elements a block, bytes a block."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor. `shape` is in ggml's order: the fastest dimension first (numpy's reversed)."""

    name: str
    shape: tuple[int, ...]
    type: str
    offset: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class GGUFFile:
    """A header: `metadata` (long arrays as None), the type name of each value, and the tensors by name."""

    path: Path
    version: int
    metadata: dict[str, Any]
    types: dict[str, str]
    tensors: dict[str, TensorInfo] = field(repr=False)
    size_bytes: int = 0

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))


def read_gguf(path: Path) -> GGUFFile:
    """Read and check a header. Raises `ModelError` with a sentence that names the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            return _Reader(path, stream, size).read()
    except FileNotFoundError:
        raise ModelError(f"There is no file {path}.", "Check the path.") from None
    except (IsADirectoryError, PermissionError) as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}.", "Check the path and its permissions.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error}.", "Check the disk.") from error


class _Reader:
    def __init__(self, path: Path, stream: IO[bytes], size: int) -> None:
        self._path, self._stream, self._size = path, stream, size

    def read(self) -> GGUFFile:
        if self._size == 0:
            raise self._bad("is empty")
        if self._stream.read(4) != MAGIC:
            raise self._bad("is no GGUF file", "Models and adapters must be in the GGUF format.")
        version = self._number("<I")
        if version not in (2, 3):
            raise self._bad(f"has GGUF version {version}; 2 and 3 can be read")
        tensor_count, key_count = self._number("<Q"), self._number("<Q")
        if key_count > min(MAX_KEYS, self._size // 12) or tensor_count > min(MAX_TENSORS, self._size // 24):
            raise self._bad(f"claims {key_count} keys and {tensor_count} tensors, which cannot be in it")
        metadata: dict[str, Any] = {}
        types: dict[str, str] = {}
        for _ in range(key_count):
            key = self._string(MAX_KEY)
            kind = self._number("<I")
            if key in metadata:
                raise self._bad(f"has the key {key!r:.80} twice")
            metadata[key] = self._value(kind)
            types[key] = TYPE_NAMES.get(kind, str(kind))
        infos = [self._tensor() for _ in range(tensor_count)]
        alignment = metadata.get("general.alignment", 32)
        if (
            types.get("general.alignment", "u32") != "u32"
            or alignment <= 0
            or alignment & (alignment - 1)
            or alignment > 1 << 20
        ):
            raise self._bad("has a senseless alignment")
        start = -(-self._stream.tell() // alignment) * alignment
        tensors: dict[str, TensorInfo] = {}
        for info in infos:
            if info.offset % alignment or start + info.offset + info.size_bytes > self._size:
                raise self._bad(
                    f"is truncated or damaged: the data of {info.name!r:.80} lies outside it", "Get the file again."
                )
            if info.name in tensors:
                raise self._bad(f"has the tensor {info.name!r:.80} twice")
            tensors[info.name] = info
        return GGUFFile(self._path, version, metadata, types, tensors, self._size)

    def _tensor(self) -> TensorInfo:
        name = self._string(MAX_KEY)
        dimensions = self._number("<I")
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self._bad(f"gives the tensor {name!r:.80} {dimensions} dimensions")
        shape = tuple(self._number("<Q") for _ in range(dimensions))
        kind, offset = self._number("<I"), self._number("<Q")
        if kind not in BLOCKS:
            raise self._bad(f"stores {name!r:.80} in an unknown type ({kind})", "It may need a newer program.")
        type_name, block, block_bytes = BLOCKS[kind]
        count = 1
        for length in shape:
            count *= length
        if not 0 < count < 1 << 48 or shape[0] % block:
            raise self._bad(f"gives the tensor {name!r:.80} the impossible shape {shape}")
        return TensorInfo(name, shape, type_name, offset, count // block * block_bytes)

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string(MAX_STRING, strict=False)
        if kind == ARRAY:
            return self._array()
        if kind not in NUMBERS:
            raise self._bad(f"holds a value of unknown type {kind}")
        return self._number(NUMBERS[kind])

    def _array(self) -> list[Any] | None:
        kind, count = self._number("<I"), self._number("<Q")
        if kind == ARRAY:
            raise self._bad("holds nested arrays")
        if kind == STRING:
            if count > (self._size - self._stream.tell()) // 8:
                raise self._bad("is truncated or damaged: an array is longer than the file")
            if count <= KEPT_ARRAY:
                return [self._string(MAX_STRING, strict=False) for _ in range(count)]
            for _ in range(count):
                self._skip(self._number("<Q"))
            return None
        if kind not in NUMBERS:
            raise self._bad(f"holds an array of unknown type {kind}")
        if count <= KEPT_ARRAY:
            return [self._number(NUMBERS[kind]) for _ in range(count)]
        self._skip(count * struct.calcsize(NUMBERS[kind]))
        return None

    def _string(self, limit: int, *, strict: bool = True) -> str:
        length = self._number("<Q")
        if length > limit:
            raise self._bad("is damaged: it holds a string of impossible length")
        raw = self._take(length)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            if strict:
                raise self._bad("is damaged: a name in it is no text") from None
            return raw.decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _take(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise self._bad("is truncated", "Get the file again.")
        return data

    def _skip(self, count: int) -> None:
        if count > self._size - self._stream.tell():
            raise self._bad("is truncated or damaged: an array is longer than the file", "Get the file again.")
        self._stream.seek(count, 1)

    def _bad(self, what: str, hint: str = "") -> ModelError:
        return ModelError(f"{self._path} {what}.", hint)
