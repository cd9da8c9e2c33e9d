"""The transcript: one widget a message, the newest mounted, older ones on request."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from assistant.api import AssistantError
from assistant.tui.widgets.card import Card
from assistant.tui.widgets.messages import Answer, Note, Question, Report

if TYPE_CHECKING:
    from assistant.chat.records import StoredMessage

PAGE = 60


class Earlier(Static, can_focus=True):
    """The row above the oldest message in view."""

    BINDINGS: ClassVar = [("enter", "show", "Show earlier messages")]

    class Wanted(Message):
        """The user wants to see the messages before."""

    def __init__(self, count: int) -> None:
        super().__init__(f"↑ show earlier ({count} messages)", markup=False, classes="earlier")

    def on_click(self) -> None:
        self.action_show()

    def action_show(self) -> None:
        """Ask for them."""
        self.post_message(self.Wanted())


class Transcript(VerticalScroll, can_focus=True):
    """Sticks to the bottom while it is there; a reader who scrolled up is left alone."""

    @dataclass
    class Typed(Message):
        """The user typed here what was meant for the composer."""

        text: str

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._earlier: list[StoredMessage] = []

    def on_mount(self) -> None:
        self.anchor()

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and event.character:
            event.stop()
            self.post_message(self.Typed(event.character))

    async def add(self, widget: Widget) -> None:
        """Mount something at the end."""
        await self.mount(widget)

    async def ask(self, question: Question) -> None:
        """Mount what the user just asked, and go there."""
        self.query(Card).set(display=False)
        await self.mount(question)
        self.anchor()

    async def note(self, text: str) -> None:
        """Say something."""
        await self.add(Note(text))

    async def report(self, text: str) -> None:
        """Show what a command answers."""
        await self.add(Report(text))

    async def error(self, error: AssistantError) -> None:
        """Show an error and its hint: the one place where the chat shows errors."""
        text = f"✗ {error.message}" + (f"\n  {error.hint}" if error.hint else "")
        await self.add(Note(text, error=True))

    async def show(self, messages: "Sequence[StoredMessage]", card: Card) -> None:
        """Show a chat from its newest messages, or the card where there are none."""
        self._earlier = list(messages[:-PAGE])
        card.display = not messages
        async with self.batch():
            await self.remove_children([child for child in self.children if child is not card])
            await self.mount_all([*self._row(), *_widgets(messages[-PAGE:])])
        self.anchor()

    async def on_earlier_wanted(self, event: Earlier.Wanted) -> None:
        event.stop()
        page, self._earlier = self._earlier[-PAGE:], self._earlier[:-PAGE]
        below = self.virtual_size.height - self.scroll_y
        self.release_anchor()
        async with self.batch():
            await self.query(Earlier).remove()
            await self.mount_all([*self._row(), *_widgets(page)], before=0 if self.children else None)
        self.call_after_refresh(lambda: self.scroll_to(y=self.virtual_size.height - below, animate=False))

    def _row(self) -> list[Widget]:
        return [Earlier(len(self._earlier))] if self._earlier else []


def _widgets(messages: "Sequence[StoredMessage]") -> list[Widget]:
    widgets: list[Widget] = []
    for message in messages:
        if message.role == "user":
            widgets.append(Question(message.text))
            continue
        widgets.append(Answer(message))
        if message.details.error:
            widgets.append(Note(f"✗ {message.details.error}", error=True))
    return widgets
