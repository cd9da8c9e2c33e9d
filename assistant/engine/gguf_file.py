"""Reads the header of a GGUF file (ggml's docs/gguf.md, versions 2 and 3), trusting nothing in it.

A hostile header must cost neither memory nor time: counts are compared with the bytes that are there before
anything is allocated, long arrays are walked and not kept, nesting is refused.
"""

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from assistant.engine.ggml_types import BLOCKS
from assistant.errors import ModelError

MAGIC = b"GGUF"
MAX_KEYS = 65_536
MAX_TENSORS = 1_000_000
MAX_NAME = 65_535
MAX_TEXT = 64 * 1024 * 1024
"""Bytes of all strings together that are kept; a chat template has some thousand."""
MAX_DIMENSIONS = 4
KEPT_ARRAY = 64
"""Longer arrays (vocabularies) are walked and not kept."""
WINDOW = 1 << 20
"""Bytes read at once: a vocabulary is some 100,000 short strings, and a system call each would take seconds."""

STRING, ARRAY = 8, 9
NUMBERS = {
    kind: struct.Struct("<" + form)
    for kind, form in {
        0: "B",
        1: "b",
        2: "H",
        3: "h",
        4: "I",
        5: "i",
        6: "f",
        7: "?",
        10: "Q",
        11: "q",
        12: "d",
    }.items()
}
U32, U64 = NUMBERS[4], NUMBERS[10]
TYPE_NAMES = {
    0: "u8", 1: "i8", 2: "u16", 3: "i16", 4: "u32", 5: "i32", 6: "f32", 7: "bool", STRING: "string", ARRAY: "array",
    10: "u64", 11: "i64", 12: "f64",
}  # fmt: skip


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
    """A header: `metadata` (long arrays as None), the type name of each value, and the tensors by name.

    `TensorInfo.offset` counts from `data_start`.
    """

    path: Path
    version: int
    metadata: dict[str, Any]
    types: dict[str, str]
    tensors: dict[str, TensorInfo] = field(repr=False)
    size_bytes: int = 0
    alignment: int = 32
    data_start: int = 0

    @property
    def architecture(self) -> str:
        return self.text("general.architecture")

    def text(self, key: str) -> str:
        """A string of the metadata; empty when it is missing or no string."""
        value = self.metadata.get(key)
        return value if isinstance(value, str) else ""


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
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} cannot be read: {error}.", "Check the path and the disk.") from error


class _Reader:
    """Walks a header through a window over the file; `_at` is the place within the window."""

    def __init__(self, path: Path, stream: IO[bytes], size: int) -> None:
        self._path, self._stream, self._size = path, stream, size
        self._window, self._start, self._at = b"", 0, 0
        self._text = 0

    def read(self) -> GGUFFile:
        if self._size == 0:
            raise self._bad("is empty")
        if self._size < len(MAGIC) or self._take(len(MAGIC)) != MAGIC:
            raise self._bad("is no GGUF file", "Models and adapters must be in the GGUF format.")
        version = self._number(U32)
        if version not in (2, 3):
            raise self._bad(f"has GGUF version {version}; 2 and 3 can be read", "It may need a newer program.")
        tensor_count, key_count = self._number(U64), self._number(U64)
        if key_count > min(MAX_KEYS, self._size // 12) or tensor_count > min(MAX_TENSORS, self._size // 24):
            raise self._bad(f"claims {key_count} keys and {tensor_count} tensors, which cannot be in it")
        metadata: dict[str, Any] = {}
        types: dict[str, str] = {}
        for _ in range(key_count):
            key = self._name()
            kind = self._number(U32)
            if key in metadata:
                raise self._bad(f"has the key {key!r:.80} twice")
            metadata[key] = self._value(kind)
            types[key] = TYPE_NAMES[kind]
        infos = [self._tensor() for _ in range(tensor_count)]
        alignment = self._alignment(metadata, types)
        start = -(-(self._start + self._at) // alignment) * alignment
        tensors = self._placed(infos, start, alignment)
        return GGUFFile(self._path, version, metadata, types, tensors, self._size, alignment, start)

    def _alignment(self, metadata: dict[str, Any], types: dict[str, str]) -> int:
        if "general.alignment" not in metadata:
            return 32
        value = metadata["general.alignment"]
        if types["general.alignment"] != "u32" or not 0 < value <= 1 << 20 or value & (value - 1):
            raise self._bad("has a senseless alignment")
        return int(value)

    def _placed(self, infos: list[TensorInfo], start: int, alignment: int) -> dict[str, TensorInfo]:
        tensors: dict[str, TensorInfo] = {}
        for info in infos:
            if info.offset % alignment or start + info.offset + info.size_bytes > self._size:
                raise self._bad(f"is truncated or damaged: the data of {info.name!r:.80} lies outside it")
            if info.name in tensors:
                raise self._bad(f"has the tensor {info.name!r:.80} twice")
            tensors[info.name] = info
        return tensors

    def _tensor(self) -> TensorInfo:
        name = self._name()
        dimensions = self._number(U32)
        if not 1 <= dimensions <= MAX_DIMENSIONS:
            raise self._bad(f"gives the tensor {name!r:.80} {dimensions} dimensions")
        shape = tuple(self._number(U64) for _ in range(dimensions))
        kind, offset = self._number(U32), self._number(U64)
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
            return self._string()
        if kind == ARRAY:
            return self._array()
        if kind not in NUMBERS:
            raise self._bad(f"holds a value of unknown type {kind}")
        return self._number(NUMBERS[kind])

    def _array(self) -> list[Any] | None:
        kind, count = self._number(U32), self._number(U64)
        if kind == ARRAY:
            raise self._bad("holds nested arrays")
        if kind != STRING and kind not in NUMBERS:
            raise self._bad(f"holds an array of unknown type {kind}")
        width = U64.size if kind == STRING else NUMBERS[kind].size
        if count * width > self._size - self._start - self._at:
            raise self._bad("is truncated or damaged: an array is longer than the file")
        if count <= KEPT_ARRAY:
            return [self._value(kind) for _ in range(count)]
        if kind == STRING:
            self._skip_strings(count)
        else:
            self._skip(count * width)
        return None

    def _skip_strings(self, count: int) -> None:
        length = U64.unpack_from
        while count:
            self._fill(U64.size)
            window, at, last = self._window, self._at, len(self._window) - U64.size
            while count and at <= last:
                at += U64.size + length(window, at)[0]
                count -= 1
            self._at = at
            self._skip(0)

    def _name(self) -> str:
        length = self._number(U64)
        if length > MAX_NAME:
            raise self._bad("is damaged: it holds a name of impossible length")
        try:
            return self._take(length).decode("utf-8")
        except UnicodeDecodeError:
            raise self._bad("is damaged: a name in it is no text") from None

    def _string(self) -> str:
        length = self._number(U64)
        self._text += length
        if self._text > MAX_TEXT:
            raise self._bad("is damaged: it holds a string of impossible length")
        return self._take(length).decode("utf-8", "replace")

    def _number(self, form: struct.Struct) -> Any:
        if self._at + form.size > len(self._window):
            self._fill(form.size)
        value = form.unpack_from(self._window, self._at)[0]
        self._at += form.size
        return value

    def _take(self, count: int) -> bytes:
        if self._at + count > len(self._window):
            self._fill(count)
        data = self._window[self._at : self._at + count]
        self._at += count
        return data

    def _skip(self, count: int) -> None:
        self._at += count
        if self._start + self._at > self._size:
            raise self._bad("is truncated or damaged: a value is longer than the file")

    def _fill(self, count: int) -> None:
        """Move the window so that it holds the next `count` bytes."""
        place = self._start + self._at
        if place + count > self._size:
            raise self._bad("is truncated")
        if self._at + count <= len(self._window):
            return
        self._stream.seek(place)
        self._window, self._start, self._at = self._stream.read(max(count, WINDOW)), place, 0
        if len(self._window) < count:
            raise self._bad("became shorter while it was read")

    def _bad(self, what: str, hint: str = "Get the file again.") -> ModelError:
        return ModelError(f"{self._path} {what}.", hint)
