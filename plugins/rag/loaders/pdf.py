"""PDF text with page numbers through PDFium; pages are joined by blank lines."""

import re
from pathlib import Path
from typing import Any

from assistant.api import Block, Document, DocumentError, need

_HYPHEN_MARK = re.compile(r"[\u0002\ufffe\uffff]\r?\n?")
_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_FEWEST_LETTERS = 3
_PARAGRAPH_END = re.compile(r"[.!?:。！？][\"')\]”’]*$")
_MOST_PAGES = 20_000
_MOST_CHARACTERS = 30_000_000


def load(data: bytes, path: Path) -> Document:
    """Read a PDF; raises `DocumentError` for one that is encrypted, broken or has no text layer."""
    pdfium = need("pypdfium2")
    if not data.strip():
        raise DocumentError("empty file")
    if b"%PDF-" not in data[:1024]:
        raise DocumentError("not a PDF (it does not begin with %PDF)")
    try:
        document = pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        raise DocumentError(_reason(error)) from None
    try:
        pages = _pages(document, pdfium)
        title = _title(document, pdfium)
    finally:
        document.close()
    return _joined(pages, title or path.stem)


def _reason(error: Exception) -> str:
    said = str(error).lower()
    if "password" in said or "security" in said:
        return "encrypted"
    return "broken PDF (its structure cannot be read)"


def _pages(document: Any, pdfium: Any) -> list[str]:
    try:
        count = len(document)
    except pdfium.PdfiumError:
        count = 0
    if count == 0:
        raise DocumentError("broken PDF (it has no pages)")
    if count > _MOST_PAGES:
        raise DocumentError(f"too large ({count} pages)")
    pages: list[str] = []
    characters = broken = 0
    for number in range(count):
        try:
            page = document[number]
            try:
                layer = page.get_textpage()
                try:
                    text = str(layer.get_text_bounded(errors="replace"))
                finally:
                    layer.close()
            finally:
                page.close()
        except pdfium.PdfiumError:
            text = ""
            broken += 1
        pages.append(_clean(text))
        characters += len(text)
        if characters > _MOST_CHARACTERS:
            raise DocumentError("too large (more than 30 million characters)")
    if broken == count:
        raise DocumentError("broken PDF (no page can be read)")
    return pages


def _title(document: Any, pdfium: Any) -> str:
    try:
        return _clean(str(document.get_metadata_value("Title")))[:200].strip()
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def _clean(text: str) -> str:
    text = _HYPHEN_MARK.sub("", text)
    return _UNREADABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _joined(pages: list[str], title: str) -> Document:
    blocks: list[Block] = []
    parts: list[str] = []
    length = 0
    for number, page in enumerate(pages, start=1):
        if not page:
            continue
        if parts:
            parts.append("\n\n")
            length += 2
        blocks.extend(Block(length + start, length + end, (), number) for start, end in _paragraphs(page))
        parts.append(page)
        length += len(page)
    text = "".join(parts)
    if sum(character.isalnum() for character in text[:10_000]) < _FEWEST_LETTERS:
        raise DocumentError("no text (scanned)", "Run it through an OCR program first.")
    return Document(text, tuple(blocks), title, lines=False)


def _paragraphs(page: str) -> list[tuple[int, int]]:
    """Spans that end at a blank line, or at a full stop in a line clearly shorter than the page's longest.

    PDFium gives lines, not paragraphs.
    """
    lines = page.split("\n")
    full = max(len(line) for line in lines)
    spans: list[tuple[int, int]] = []
    start = end = 0
    for line in lines:
        begin, after = end, end + len(line)
        end = after + 1
        if not line.strip():
            _keep(page, start, begin, spans)
            start = end
        elif len(line) < 0.8 * full and _PARAGRAPH_END.search(line[-8:].rstrip()):
            _keep(page, start, after, spans)
            start = end
    _keep(page, start, len(page), spans)
    return spans


def _keep(page: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    if page[start:end].strip():
        spans.append((start, min(end, len(page))))
