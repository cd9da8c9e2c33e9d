"""Cuts a document into chunks: pieces of a few paragraphs, each with its exact place.

Consecutive blocks are packed until a chunk has about `target` characters. A chunk never crosses a page, and
crosses into another heading only where the piece before is so small that it would say nothing alone.
"""

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from assistant.api.knowledge import Block, Document

TINY = 20
"""A piece with fewer characters is joined with what follows even under another heading."""

_INTRODUCTION = 200
"""A piece with fewer characters is joined with the first subsection below it."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_SENTENCE_END = re.compile(r"[.!?…]+[\"')\]”’»]*(?=\s)|[。！？]+[」』）]*|\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document; `text` is what is embedded and read, the offsets are those of the source slice.

    Pages and lines count from 1; `heading` is the path "A > B" of the heading most of it stands under.
    """

    text: str
    char_start: int
    char_end: int
    page: int | None = None
    heading: str | None = None
    line_start: int | None = None
    line_end: int | None = None


def line_starts(text: str) -> list[int]:
    """The offset at which each line begins; `\\n`, `\\r\\n` and `\\r` end one line each."""
    return [0, *(found.end() for found in _LINE_BREAK.finditer(text))]


def chunk(document: Document, target: int = 800, limit: int = 1200) -> list[Chunk]:
    """Pack the document's blocks into chunks of about `target` and at most `limit` characters.

    Every non-blank character of every block lands in a chunk. A block that carries a `text` of its own and
    is over the limit is cut too, but its pieces all point at the whole block.
    """
    starts = line_starts(document.text) if document.lines else None
    chunks: list[Chunk] = []
    pack = _Pack()
    for piece in _pieces(document, target, limit):
        if pack.pieces and not pack.takes(piece, target, limit):
            chunks.append(pack.chunk(document, starts))
            pack = _Pack()
        pack.pieces.append(piece)
        pack.own_text = pack.own_text or piece.text is not None
        pack.characters += len(piece)
    if pack.pieces:
        chunks.append(pack.chunk(document, starts))
    return chunks


def split_points(text: str, start: int, end: int, target: int, limit: int) -> Iterator[tuple[int, int]]:
    """Cut `text[start:end]` into spans of about `target` characters at line and sentence ends, else at blanks."""
    while end - start > limit:
        cut = _cut(text, start, target, limit)
        yield start, cut
        start = cut
    yield start, end


def _cut(text: str, start: int, target: int, limit: int) -> int:
    best = 0
    for found in _SENTENCE_END.finditer(text, start + target // 2, start + limit):
        if found.end() > start + target and best:
            break
        best = found.end()
        if best > start + target:
            break
    if best > start:
        return best
    for cut in range(start + target, start + target // 2, -1):
        if text[cut].isspace():
            return cut
    cut = start + target
    while cut > start + 1 and unicodedata.combining(text[cut]):
        cut -= 1
    return cut


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int
    headings: tuple[str, ...]
    page: int | None
    text: str | None

    def __len__(self) -> int:
        return self.end - self.start if self.text is None else len(self.text)


@dataclass(slots=True)
class _Pack:
    pieces: list[_Piece] = field(default_factory=list)
    own_text: bool = False
    characters: int = 0

    def takes(self, piece: _Piece, target: int, limit: int) -> bool:
        """Whether the piece still belongs into this chunk."""
        last = self.pieces[-1]
        if piece.page != last.page or piece.start < last.end:
            return False
        size = self._size()
        if piece.headings != last.headings:
            below = piece.headings[: len(last.headings)] == last.headings
            if size >= (_INTRODUCTION if below else TINY):
                return False
        after = self._size(piece)
        return after <= target or (size < target // 2 and after <= limit)

    def chunk(self, document: Document, starts: list[int] | None) -> Chunk:
        start, end = self.pieces[0].start, max(piece.end for piece in self.pieces)
        if self.own_text:
            text = "\n\n".join(_clean(document, piece) for piece in self.pieces)
        else:
            text = document.text[start:end]
        weights: Counter[tuple[str, ...]] = Counter()
        for piece in self.pieces:
            weights[piece.headings] += len(piece)
        return Chunk(
            text,
            start,
            end,
            self.pieces[0].page,
            " > ".join(weights.most_common(1)[0][0]) or None,
            None if starts is None else bisect_right(starts, start),
            None if starts is None else bisect_right(starts, end - 1),
        )

    def _size(self, piece: _Piece | None = None) -> int:
        """The length of the chunk's text; a slice of the source has what stands between the blocks in it too."""
        if self.own_text or (piece is not None and piece.text is not None):
            pieces = len(self.pieces) + (piece is not None)
            return self.characters + (0 if piece is None else len(piece)) + 2 * (pieces - 1)
        return (piece or self.pieces[-1]).end - self.pieces[0].start


def _clean(document: Document, piece: _Piece) -> str:
    return document.text[piece.start : piece.end] if piece.text is None else piece.text


def _pieces(document: Document, target: int, limit: int) -> Iterator[_Piece]:
    for block in document.blocks:
        start, end = _stripped(document.text, block.start, block.end)
        if start == end:
            continue
        if block.text is None:
            for cut_start, cut_end in split_points(document.text, start, end, target, limit):
                yield from _piece(block, *_stripped(document.text, cut_start, cut_end), None)
            continue
        for cut_start, cut_end in split_points(block.text, 0, len(block.text), target, limit):
            text = block.text[cut_start:cut_end].strip()
            if text:
                yield from _piece(block, start, end, text)


def _piece(block: Block, start: int, end: int, text: str | None) -> Iterator[_Piece]:
    if start < end:
        yield _Piece(start, end, block.headings, block.page, text)


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
