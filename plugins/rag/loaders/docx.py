"""DOCX: the archive is checked before a parser sees it, then headings, paragraphs, lists and tables are read."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from assistant.api import Block, Document, DocumentError, need

_MOST_ENTRIES = 10_000
_MOST_BYTES = 200_000_000
_MOST_RATIO = 200
_RATIO_FROM = 5_000_000
"""Small parts may be packed as tightly as they like: a bomb is large."""

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SIGNS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_LEFT_OUT = frozenset({_FALLBACK, f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr"})


def load(data: bytes, path: Path) -> Document:
    """Read a DOCX; raises `DocumentError` for one that is encrypted, broken, dangerous or without text."""
    if not data:
        raise DocumentError("empty file")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError("encrypted, or an old .doc", "Save it without a password as .docx.")
    _check_archive(data)
    docx = need("docx")
    try:
        opened = docx.Document(io.BytesIO(data))
        parts = list(_parts(opened.element.body, _styles(opened)))
        title = str(opened.core_properties.title or "").strip()
    except RecursionError:
        raise DocumentError("broken DOCX (nested too deeply)") from None
    except (KeyError, ValueError, AttributeError, IndexError, TypeError, SyntaxError, OSError, zlib.error) as error:
        raise DocumentError(
            f"broken DOCX ({str(error).splitlines()[0][:200] if str(error) else 'unreadable'})"
        ) from None
    return _joined(parts, title or path.stem)


def _check_archive(data: bytes) -> None:
    """Refuse bombs, names that leave the archive, and XML that declares entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MOST_ENTRIES:
                raise DocumentError(f"refused: {len(entries)} files in the archive")
            if sum(entry.file_size for entry in entries) > _MOST_BYTES:
                raise DocumentError("refused: it unpacks to more than 200 MB")
            for entry in entries:
                _check_entry(entry)
            for entry in entries:
                if entry.filename.lower().endswith((".xml", ".rels")):
                    part = archive.read(entry).replace(b"\0", b"")
                    if b"<!DOCTYPE" in part or b"<!ENTITY" in part:
                        raise DocumentError(f"refused: {entry.filename} declares entities (DOCTYPE)")
            if "[Content_Types].xml" not in archive.namelist():
                raise DocumentError("not a DOCX (an archive of something else)")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
        raise DocumentError("broken DOCX (damaged or cut-off archive)") from None


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    if entry.flag_bits & 1:
        raise DocumentError("encrypted")
    if name.startswith("/") or "\\" in name or ":" in name or ".." in PurePosixPath(name).parts:
        raise DocumentError(f"refused: the archive holds the path {name[:100]!r}")
    if entry.file_size > _RATIO_FROM and entry.file_size > _MOST_RATIO * max(1, entry.compress_size):
        raise DocumentError(f"refused: {name[:100]} is packed {entry.file_size // max(1, entry.compress_size)} times")


def _styles(opened: Any) -> dict[str, str]:
    return {str(style.style_id): str(style.name or "") for style in opened.styles}


def _parts(body: Any, styles: dict[str, str]) -> Iterator[tuple[str, int | None, str]]:
    """(kind, heading level, text) of each paragraph, list item and table."""
    for element in body:
        if element.tag == f"{_W}sdt":
            for content in element.iterchildren(f"{_W}sdtContent"):
                yield from _parts(content, styles)
        elif element.tag == f"{_W}tbl":
            rows = (" | ".join(_cells(row)) for row in element.iterchildren(f"{_W}tr"))
            yield "table", None, "\n".join(row for row in rows if row.strip(" |"))
        elif element.tag == f"{_W}p":
            style, level, listed = _looks(element, styles)
            text = _text(element).strip()
            if level is not None and text:
                yield "heading", level, " ".join(text.split())
            elif listed or style.startswith("List"):
                yield "list", None, f"- {text}" if text else ""
            else:
                yield "text", None, text


def _looks(paragraph: Any, styles: dict[str, str]) -> tuple[str, int | None, bool]:
    """The style's name, the heading level (0 for a title) and whether it is numbered or bulleted."""
    look = paragraph.find(f"{_W}pPr")
    if look is None:
        return "", None, False
    named = look.find(f"{_W}pStyle")
    style = styles.get(named.get(f"{_W}val") or "", "") if named is not None else ""
    listed = look.find(f"{_W}numPr") is not None
    kind, _, number = style.lower().partition(" ")
    if kind == "heading" and number.isdigit():
        return style, int(number), listed
    if kind == "title":
        return style, 0, listed
    outline = look.find(f"{_W}outlineLvl")
    level = outline.get(f"{_W}val") or "" if outline is not None else ""
    return style, int(level) + 1 if level.isdigit() and int(level) < 9 else None, listed


def _cells(row: Any) -> Iterator[str]:
    for cell in row.iter(f"{_W}tc"):
        if next(cell.iterancestors(f"{_W}tr"), None) is row:
            yield " ".join(" ".join(_text(cell).split()).split())


def _text(element: Any) -> str:
    """The text of everything inside, in order; deleted text and doubled text boxes are left out."""
    found: list[str] = []
    waiting = [element]
    while waiting:
        node = waiting.pop()
        if node.tag in _LEFT_OUT:
            continue
        if node.tag in {f"{_W}t", f"{_M}t"}:
            found.append(node.text or "")
        elif node.tag in _SIGNS:
            found.append(_SIGNS[node.tag])
        elif node.tag == f"{_W}p" and node is not element:
            found.append("\n")
        waiting.extend(reversed(node))
    return "".join(found)


def _joined(parts: list[tuple[str, int | None, str]], title: str) -> Document:
    pieces: list[str] = []
    blocks: list[Block] = []
    outline: list[tuple[int, str]] = []
    length = 0
    before = ""
    for kind, level, text in parts:
        if not text.strip():
            continue
        if level is not None:
            while outline and outline[-1][0] >= level:
                outline.pop()
            outline.append((level, text[:200]))
        gap = "" if not pieces else "\n" if kind == before == "list" else "\n\n"
        start = length + len(gap)
        length = start + len(text)
        pieces += [gap, text]
        blocks.append(Block(start, length, tuple(name for _, name in outline)))
        before = kind
    if not blocks:
        raise DocumentError("no text")
    return Document("".join(pieces), tuple(blocks), title, lines=False)
