"""Cuts HTML into tags and runs of text with their offsets, in time linear in its length whatever it holds.

`html.parser` gives lines and columns instead of offsets and takes quadratic time for some broken pages.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

RAW = frozenset({"script", "style", "template", "svg", "iframe", "noscript", "object", "textarea", "title", "math"})
"""Elements that are taken whole: what stands in them is no running text."""

_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_UNQUOTED = re.compile(r"[^>=]*")
_BLANK = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Token:
    """A run of text (`tag` empty), a tag ("p", "/p"), or the content of a `RAW` element ("=title")."""

    tag: str
    start: int
    end: int


@dataclass(slots=True)
class _Text:
    """Looks ahead, and remembers what does not come any more, so that nothing is looked for twice in vain."""

    text: str
    missing: set[str] = field(default_factory=set)

    def find(self, needle: str, start: int) -> int:
        if needle in self.missing:
            return -1
        at = self.text.find(needle, start)
        if at < 0:
            self.missing.add(needle)
        return at

    def find_close(self, name: str, start: int) -> int:
        if name in self.missing:
            return -1
        found = re.compile(rf"</{name}(?=[\s/>])", re.I).search(self.text, start)
        if not found:
            self.missing.add(name)
            return -1
        return found.start()


def tokens(text: str) -> Iterator[Token]:
    """Every tag and run of text, in order; comments and declarations are left out."""
    ahead = _Text(text)
    at = run = 0
    while (at := text.find("<", at)) >= 0:
        end, tag = _markup(ahead, at)
        if end < 0:
            at += 1
            continue
        if run < at:
            yield Token("", run, at)
        if tag:
            yield Token(tag, at, end)
        if tag in RAW and text[end - 2] != "/" and (close := ahead.find_close(tag, end)) >= 0:
            yield Token(f"={tag}", end, close)
            end = close
        at = run = end
    if run < len(text):
        yield Token("", run, len(text))


def _markup(ahead: _Text, start: int) -> tuple[int, str]:
    """Where the markup at a `<` ends and which tag it is; -1 where it is no markup."""
    text = ahead.text
    if text.startswith("<!--", start):
        end = ahead.find("-->", start + 4)
        if end >= 0:
            return end + 3, ""
    if text.startswith(("<!", "<?"), start):
        end = ahead.find(">", start)
        return (end + 1 if end >= 0 else -1), ""
    name = _NAME.match(text, start, start + 100)
    if not name:
        return -1, ""
    end = _tag_end(ahead, name.end())
    closing = "/" if text[start + 1] == "/" else ""
    return end, closing + name.group(1).lower()


def _tag_end(ahead: _Text, at: int) -> int:
    """After the `>` that closes a tag; one inside a quoted attribute value does not."""
    text = ahead.text
    if ahead.find(">", at) < 0:
        return -1
    while True:
        found = _UNQUOTED.match(text, at)
        at = found.end() if found else at
        if at >= len(text):
            return -1
        if text[at] == ">":
            return at + 1
        blank = _BLANK.match(text, at + 1)
        at = blank.end() if blank else at + 1
        if text[at : at + 1] in {'"', "'"}:
            close = ahead.find(text[at], at + 1)
            at = close + 1 if close >= 0 else at + 1
