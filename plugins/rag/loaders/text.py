"""Plain text in any encoding; paragraphs are the blocks."""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from assistant.api import Block, Document, DocumentError, need

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 100_000
_BLANK_LINE = re.compile(r"(?:\r\n|\r|\n)[ \t]*(?=\r\n|\r|\n)")
_FEWEST_BLANKS = 0.02
"""UTF-16 without a mark is believed only where it decodes to text with blanks; other binary data does not."""

_MOST_CONTROLS = 0.02
"""Text with a larger share of control characters is taken for a binary file."""


def load(data: bytes, path: Path) -> Document:
    """Read a text file; raises `DocumentError` for one that is empty or no text."""
    text = decode(data)
    blocks = tuple(Block(start, end) for start, end in paragraphs(text, 0, len(text)))
    if not blocks:
        raise DocumentError("no text (the file is empty)")
    return Document(text, blocks, path.stem)


def paragraphs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans between blank lines that hold more than blanks."""
    begin = start
    for found in _BLANK_LINE.finditer(text, start, end):
        if text[begin : found.start()].strip():
            yield begin, found.start()
        begin = found.end()
    if text[begin:end].strip():
        yield begin, end


def decode(data: bytes) -> str:
    """The text of a file, its byte order mark dropped and line ends kept.

    Raises `DocumentError` where the bytes are no text in any encoding.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _readable(_decoded(data[len(mark) :], encoding))
    if encoding := _wide(data):
        return _readable(_decoded(data, encoding))
    try:
        return _readable(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _readable(_guessed(data))


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"not text (damaged {encoding.upper()} at byte {error.start})") from None


def _wide(data: bytes) -> str:
    """The UTF-16 or UTF-32 form that the positions of NUL bytes tell; empty where they tell none."""
    sample = data[: _SAMPLE - _SAMPLE % 4]
    if len(sample) < 4 or len(sample) % 2 or b"\0" not in sample:
        return ""
    quarters = [sample[place::4].count(0) / max(1, len(sample) // 4) for place in range(4)]
    if len(data) % 4 == 0 and min(quarters[2:]) > 0.9 and quarters[0] < 0.1:
        return "utf-32-le"
    if len(data) % 4 == 0 and min(quarters[:2]) > 0.9 and quarters[3] < 0.1:
        return "utf-32-be"
    low, high = sample[::2].count(0), sample[1::2].count(0)
    encoding = "utf-16-le" if high > low else "utf-16-be"
    if min(low, high) > 0.02 * max(low, high) or max(low, high) < 0.2 * (len(sample) // 2):
        return ""
    decoded = sample.decode(encoding, errors="replace")
    blanks = sum(character.isspace() for character in decoded)
    return encoding if blanks > _FEWEST_BLANKS * len(decoded) else ""


def _guessed(data: bytes) -> str:
    if b"\0" in data:
        raise DocumentError("not text (it has NUL bytes)")
    best = need("charset_normalizer").from_bytes(data[:_SAMPLE]).best()
    encoding = str(best.encoding) if best is not None else ""
    for candidate in (encoding, "cp1252"):
        if candidate:
            try:
                return data.decode(candidate)
            except (UnicodeDecodeError, LookupError):
                continue
    if best is None:
        raise DocumentError("not text (no known encoding fits)")
    return data.decode(encoding, errors="replace")


def _readable(text: str) -> str:
    text = text.removeprefix("\ufeff")
    if "\0" in text:
        raise DocumentError("not text (it has NUL bytes)")
    sample = text[:_SAMPLE]
    controls = sum(character < " " and character not in "\t\n\r\f\v\a\b\x1b" for character in sample)
    if controls > max(4.0, _MOST_CONTROLS * len(sample)):
        raise DocumentError("not text (it is full of control characters)")
    return text
