"""Markdown as blocks: headings with their path, front matter, code fences, lists, tables, paragraphs."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from assistant.api import Block, Document, DocumentError
from assistant.knowledge.passages import visible

from .text import decode

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])(?:[ \t]|$)")
_TITLE = re.compile(r"title[ \t]*:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.I)
_MARKUP = re.compile(r"!?\[([^\]\[]{0,300})\]\([^()\s]{0,500}\)|[*`]+|(?<!\w)_+|_+(?!\w)|\{#[^}]{0,100}\}[ \t]*$")
_FRONT_MATTER_LINES = 200


@dataclass(slots=True)
class _Outline:
    """The headings that are open at a place."""

    levels: list[tuple[int, str]] = field(default_factory=list)

    def enter(self, level: int, title: str) -> None:
        while self.levels and self.levels[-1][0] >= level:
            self.levels.pop()
        title = " ".join(visible(_MARKUP.sub(r"\1", title)).split())
        if title:
            self.levels.append((level, title))

    @property
    def path(self) -> tuple[str, ...]:
        return tuple(title for _, title in self.levels)


def load(data: bytes, path: Path) -> Document:
    """Read a Markdown file; raises `DocumentError` for one that is empty or no text."""
    text = decode(data)
    lines = [found.span() for found in _LINE.finditer(text) if found.end() > found.start()]
    title, first = _front_matter(text, lines)
    blocks: list[Block] = []
    if first and text[lines[0][0] : lines[first - 1][1]].strip("-. \t\r\n"):
        blocks.append(Block(lines[0][0], lines[first - 1][1]))
    outline = _Outline()
    for start, end, heading in _spans(text, lines[first:]):
        if heading is not None:
            outline.enter(*heading)
            title = title or " ".join(outline.path[:1])
        blocks.append(Block(start, end, outline.path))
    if not blocks:
        raise DocumentError("no text (the file is empty)")
    return Document(text, tuple(blocks), title or path.stem)


def _front_matter(text: str, lines: list[tuple[int, int]]) -> tuple[str, int]:
    """The title in a leading `---` block and the number of lines the block has; it is read, never evaluated."""
    if not lines or text[slice(*lines[0])].rstrip() != "---":
        return "", 0
    title = ""
    for number, (start, end) in enumerate(lines[1:_FRONT_MATTER_LINES], start=2):
        line = text[start : min(end, start + 2000)].rstrip()
        if line in {"---", "..."}:
            return title, number
        if found := _TITLE.match(line):
            title = found.group(1).strip()
    return "", 0


def _spans(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int, tuple[int, str] | None]]:
    """Block spans with (level, title) for headings."""
    begin: int | None = None
    fence = ""
    kind = ""
    for start, end in lines:
        line = text[start:end].rstrip("\r\n")
        if fence:
            mark = _FENCE.match(line)
            if mark and mark.group(1).startswith(fence) and not line[mark.end() :].strip():
                fence = ""
                if begin is not None:
                    yield begin, end, None
                    begin = None
            continue
        if not line.strip():
            if begin is not None:
                yield begin, start, None
                begin = None
            continue
        if begin is not None and kind == "text" and (under := _UNDERLINE.match(line)):
            yield begin, end, (1 if under.group(1)[0] == "=" else 2, text[begin:start])
            begin = None
            continue
        new = _kind(line, kind if begin is not None else "")
        if begin is not None and new != kind:
            yield begin, start, None
            begin = None
        if new == "heading":
            found = _HEADING.match(line)
            if found:
                yield start, end, (len(found.group(1)), found.group(2) or "")
            continue
        kind = new
        if begin is None:
            begin = start
        if new == "code" and (mark := _FENCE.match(line)):
            fence = mark.group(1)
    if begin is not None:
        yield begin, lines[-1][1], None


def _kind(line: str, open_kind: str) -> str:
    if _FENCE.match(line) and open_kind != "list":
        return "code"
    if len(line) < 1000 and _HEADING.match(line):
        return "heading"
    if line.lstrip().startswith("|"):
        return "table"
    if _ITEM.match(line) or open_kind == "list":
        return "list"
    return "text"
