"""The messages of the transcript. Foreign text is never parsed as console markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.widgets.markdown import MarkdownStream

from assistant.api import Citation, Passage
from assistant.plain_text import clean
from assistant.tui.widgets.prose import Prose

if TYPE_CHECKING:
    from assistant.chat.records import StoredMessage

MARKS = {
    "stopped": "■ stopped",
    "interrupted": "■ broken off when the program ended",
    "failed": "✗ broken off",
    "length": "… cut at the longest answer allowed (sampling.max_tokens)",
}


class Question(Static):
    """What the user asked."""

    def __init__(self, text: str) -> None:
        super().__init__(clean(text), markup=False, classes="question")


class Note(Static):
    """Something the program says: an event, an error, the result of a command."""

    def __init__(self, text: str, *, error: bool = False) -> None:
        super().__init__(clean(text), markup=False, classes="note error" if error else "note")


class Report(Prose):
    """What a command answers, as Markdown."""

    def __init__(self, text: str) -> None:
        super().__init__(text, classes="report")


class Source(Static, can_focus=True):
    """One cited place; Enter or a click opens it."""

    BINDINGS: ClassVar = [("enter", "open", "Open the passage")]

    @dataclass
    class Opened(Message):
        """The user wants to see the passage; `whole` is the one that the citation narrows."""

        citation: Citation
        whole: Passage

    def __init__(self, citation: Citation, whole: Passage) -> None:
        self.citation = citation
        self._whole = whole
        super().__init__(describe(citation), markup=False, classes="source")

    def on_click(self) -> None:
        self.action_open()

    def action_open(self) -> None:
        """Ask for the passage."""
        self.post_message(self.Opened(self.citation, self._whole))


class Answer(Vertical):
    """The model's answer: Markdown, how it ended, and its sources."""

    def __init__(self, stored: "StoredMessage | None" = None) -> None:
        super().__init__(classes="answer")
        self._stored = stored
        self._stream: MarkdownStream | None = None
        self._markdown = Prose(stored.text if stored else "")

    def compose(self) -> ComposeResult:
        yield self._markdown
        if self._stored is not None:
            details = self._stored.details
            yield from _below(details.citations, details.passages, mark_of(self._stored))

    async def add(self, text: str) -> None:
        """Append a piece while the model writes."""
        if self._stream is None:
            self._stream = Prose.get_stream(self._markdown)
        await self._stream.write(clean(text))

    async def close(self, text: str, citations: Sequence[Citation], passages: Sequence[Passage], mark: str) -> None:
        """Show the final text, which may have gained citations, and where it comes from."""
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        await self._markdown.update(clean(text))
        await self.mount_all(_below(citations, passages, mark))

    async def finish(self, stored: "StoredMessage") -> None:
        """Show the answer as it was stored."""
        await self.close(stored.text, stored.details.citations, stored.details.passages, mark_of(stored))


def mark_of(message: "StoredMessage") -> str:
    """How a stored answer ended, where that is not the plain end."""
    reason = message.details.stop_reason
    if message.status == "complete":
        return "length" if reason == "length" else ""
    return reason if reason in ("stopped", "interrupted") else "failed"


def describe(citation: Citation) -> str:
    """A source as one line: number, file, place, heading."""
    p = citation.passage
    place = PurePath(p.path).name or p.path
    if p.line_start is not None:
        place += f":{p.line_start}" + (f"-{p.line_end}" if p.line_end not in (None, p.line_start) else "")
    if p.page is not None:
        place += f" p. {p.page}"
    return " ".join(clean(f"[{citation.n}] {place}" + (f"  {p.heading}" if p.heading else "")).splitlines())


def _below(citations: Sequence[Citation], passages: Sequence[Passage], mark: str) -> list[Widget]:
    rows: list[Widget] = []
    if mark in MARKS:
        rows.append(Static(MARKS[mark], markup=False, classes="mark"))
    whole = {passage.ref: passage for passage in passages}
    rows += [Source(citation, whole.get(citation.passage.ref, citation.passage)) for citation in citations]
    return rows
