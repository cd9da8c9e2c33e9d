"""HTML as blocks of clean text that point back into the source; nothing is fetched, nothing is run."""

import re
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from assistant.api import Block, Document, DocumentError
from assistant.knowledge.chunks import split_points
from assistant.knowledge.passages import visible

from .tags import Token, tokens
from .text import decode

_BLOCK_CHARACTERS = 800
_BLANKS = re.compile(r"[ \t\n\r\f]+")
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCK_TAGS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "details",
        "dialog",
        "div",
        "dl",
        "fieldset",
    }
    | {"figcaption", "figure", "footer", "form", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "summary"}
    | {"table", "ul", "html", *_HEADINGS}
)
_LINE_TAGS = {"br": "\n", "tr": "\n", "li": "\n- ", "dt": "\n", "dd": "\n", "option": "\n", "/tr": "\n", "/li": "\n"}
_CELL_TAGS = frozenset({"td", "th"})


@dataclass(slots=True)
class _Page:
    """What was read so far, and the block that is being read."""

    text: str
    blocks: list[Block] = field(default_factory=list)
    outline: list[tuple[int, str]] = field(default_factory=list)
    title: str = ""
    clean: list[str] = field(default_factory=list)
    length: int = 0
    start: int = -1
    end: int = -1
    level: int = 0
    in_head: bool = False
    pre: int = 0

    def take(self, token: Token) -> None:
        """Read the next token."""
        if not token.tag:
            if not self.in_head:
                self._run(token.start, token.end)
            return
        name = token.tag.lstrip("/")
        if token.tag == "=title" and not self.title:
            self.title = " ".join(visible(unescape(self.text[token.start : token.end])).split())[:300]
        elif name == "head":
            self.in_head = token.tag == "head"
        elif name in _BLOCK_TAGS:
            self.in_head = False
            self.flush()
            if name == "pre":
                self.pre = max(0, self.pre + (1 if token.tag == "pre" else -1))
            self.level = _HEADINGS.get(token.tag, 0)
        elif token.tag in _LINE_TAGS:
            self._separate(_LINE_TAGS[token.tag])
        elif token.tag in _CELL_TAGS and self.clean and not self.clean[-1].endswith("\n"):
            self._separate(" | ")

    def flush(self) -> None:
        """End the block that is being read."""
        text = (
            re.sub(r"\n{3,}", "\n\n", re.sub(r" *\n(?: (?! ))?", "\n", "".join(self.clean))).strip().strip("|").strip()
        )
        if text and self.start >= 0 and text != "-":
            if self.level:
                self._enter(" ".join(visible(text).split()))
            self.blocks.append(Block(self.start, self.end, tuple(title for _, title in self.outline), None, text))
        self.clean.clear()
        self.length, self.start, self.end, self.level = 0, -1, -1, 0

    def _enter(self, title: str) -> None:
        while self.outline and self.outline[-1][0] >= self.level:
            self.outline.pop()
        if title:
            self.outline.append((self.level, title[:200]))

    def _separate(self, mark: str) -> None:
        """Put a mark between two pieces of a block; at its beginning it is not needed."""
        if self.clean or mark.strip() == "-":
            if self.clean and self.clean[-1] == mark:
                return
            self.clean.append(mark)
            self.length += len(mark)

    def _run(self, start: int, end: int) -> None:
        for begin, stop in split_points(self.text, start, end, _BLOCK_CHARACTERS // 2, _BLOCK_CHARACTERS):
            raw = self.text[begin:stop]
            text = unescape(raw)
            text = text.replace("\r\n", "\n").replace("\r", "\n") if self.pre else _BLANKS.sub(" ", text)
            if not text.strip():
                if self.start >= 0 and text and self.clean and not self.clean[-1].endswith((" ", "\n")):
                    self.clean.append("\n" if self.pre else " ")
                continue
            if self.start >= 0 and self.length + len(text) > _BLOCK_CHARACTERS:
                self.flush()
            if self.clean and not self.pre and self.clean[-1].endswith((" ", "\n")):
                text = text.lstrip(" ")
            if self.start < 0:
                self.start = begin + len(raw) - len(raw.lstrip())
            self.end = begin + len(raw.rstrip())
            self.clean.append(text)
            self.length += len(text)


def load(data: bytes, path: Path) -> Document:
    """Read a page; raises `DocumentError` for one without text. Block offsets are those of the decoded source."""
    page = _Page(_decode(data))
    for token in tokens(page.text):
        page.take(token)
    page.flush()
    if not page.blocks:
        raise DocumentError("no text (the page is empty)")
    title = page.title or next((b.headings[0] for b in page.blocks if b.headings), "") or path.stem
    return Document(page.text, tuple(page.blocks), title)


def _decode(data: bytes) -> str:
    """The source; UTF-8 before what the page says of itself, because valid UTF-8 is never anything else."""
    said = _CHARSET.search(data[:4096])
    charset = said.group(1).decode("ascii").lower() if said else ""
    if charset and b"\0" not in data:
        if not charset.startswith("iso-2022"):
            try:
                return data.decode("utf-8-sig")
            except UnicodeDecodeError:
                pass
        try:
            return data.decode(charset)
        except (UnicodeDecodeError, LookupError):
            pass
    return decode(data)
