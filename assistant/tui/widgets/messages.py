"""The messages of the transcript. Foreign text is never parsed as console markup."""

from dataclasses import dataclass
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.widgets import Markdown, Static
from textual.widgets.markdown import MarkdownStream

from assistant.api import Citation
from assistant.plain_text import clean

MARKS = {"partial": "stopped", "failed": "no answer", "complete": ""}


class Question(Static):
    """What the user asked."""

    def __init__(self, text: str) -> None:
        super().__init__(clean(text), markup=False, classes="question")


class Note(Static):
    """Something the program says: an event, an error, the result of a command."""

    def __init__(self, text: str, *, error: bool = False) -> None:
        super().__init__(clean(text), markup=False, classes="note error" if error else "note")


class Source(Static, can_focus=True):
    """One cited place; Enter or a click opens it."""

    @dataclass
    class Opened(Message):
        """The user wants to see the passage."""

        citation: Citation

    def __init__(self, citation: Citation) -> None:
        self.citation = citation
        super().__init__(clean(describe(citation)), markup=False, classes="source")

    def on_click(self) -> None:
        self.post_message(self.Opened(self.citation))

    def on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            self.post_message(self.Opened(self.citation))


class Answer(Vertical):
    """The model's answer: streamed Markdown, then its sources."""

    def __init__(self, text: str = "") -> None:
        super().__init__(classes="answer")
        self._text = clean(text)
        self._stream: MarkdownStream | None = None
        self._markdown = Markdown(self._text, open_links=False)

    def compose(self) -> ComposeResult:
        yield self._markdown

    async def add(self, text: str) -> None:
        """Append a piece while the model writes."""
        if self._stream is None:
            self._stream = Markdown.get_stream(self._markdown)
        await self._stream.write(clean(text))

    async def finish(self, text: str, citations: tuple[Citation, ...], status: str) -> None:
        """Show the final text, which may have gained citations, and where it comes from."""
        if self._stream is not None:
            await self._stream.stop()
            self._stream = None
        await self._markdown.update(clean(text))
        if MARKS.get(status):
            await self.mount(Static(f"[{MARKS[status]}]", markup=False, classes="mark"))
        for citation in citations:
            await self.mount(Source(citation))


def describe(citation: Citation) -> str:
    """A source as one line: number, file, place, heading."""
    p = citation.passage
    place = Path(p.path).name
    if p.line_start is not None:
        place += f":{p.line_start}" + (f"-{p.line_end}" if p.line_end not in (None, p.line_start) else "")
    if p.page is not None:
        place += f" p. {p.page}"
    return f"[{citation.n}] {place}" + (f"  {p.heading}" if p.heading else "")
