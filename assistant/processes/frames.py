"""Messages between processes: a length-framed JSON object, and bytes that would be slow as JSON.

One frame is a big-endian u32 header length, a u32 data length, the header as JSON and the data. No pickle:
the other side may have parsed an untrusted file.
"""

import json
import struct
from typing import IO, Any

LIMIT = 512 * 1024 * 1024
"""Longest header or data; a length above it is nonsense, not a message."""

_LENGTHS = struct.Struct(">II")
_PIECE = 1 << 20


def write_frame(stream: IO[bytes], value: dict[str, Any], data: bytes = b"") -> None:
    """Send one message. Raises `OSError` when nobody reads any more. Callers take turns: one writer at a time."""
    header = json.dumps(value, separators=(",", ":")).encode("ascii")
    if max(len(header), len(data)) > LIMIT:
        raise ValueError(f"a message of more than {LIMIT} bytes")
    _write(stream, _LENGTHS.pack(len(header), len(data)) + header)
    if data:
        _write(stream, data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    """Wait for one message; None at the end of the stream. Raises `ValueError` for what is no message."""
    lengths = _read(stream, _LENGTHS.size)
    if not lengths:
        return None
    if len(lengths) < _LENGTHS.size:
        raise ValueError("the stream ends inside a message")
    header_length, data_length = _LENGTHS.unpack(lengths)
    if max(header_length, data_length) > LIMIT:
        raise ValueError("a length that no message has")
    header, data = _read(stream, header_length), _read(stream, data_length)
    if len(header) < header_length or len(data) < data_length:
        raise ValueError("the stream ends inside a message")
    try:
        value = json.loads(header)
    except RecursionError as error:
        raise ValueError("a message nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("a message that is no object")
    return value, data


def _write(stream: IO[bytes], data: bytes) -> None:
    """Write all of it; an unbuffered stream may take only a part at a time."""
    rest = memoryview(data)
    while rest:
        rest = rest[stream.write(rest) :]


def _read(stream: IO[bytes], size: int) -> bytes:
    """Read `size` bytes, or fewer at the end; never allocates more than what has arrived, plus one piece."""
    pieces: list[bytes] = []
    while size > 0:
        piece = stream.read(min(size, _PIECE))
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
