"""The transcript: one widget a message, the newest mounted, older ones on request."""

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Button

from assistant.chat.records import StoredMessage
from assistant.tui.widgets.messages import Answer, Note, Question

PAGE = 40


class Transcript(VerticalScroll, can_focus=True):
    """Sticks to the bottom while it is there."""

    def __init__(self) -> None:
        super().__init__(id="transcript")
        self._earlier: list[StoredMessage] = []

    async def add(self, widget: Widget) -> None:
        """Mount a message at the end."""
        await self.mount(widget)
        self.anchor()

    async def note(self, text: str, *, error: bool = False) -> None:
        """Say something."""
        await self.add(Note(text, error=error))

    async def show(self, messages: Sequence[StoredMessage]) -> None:
        """Show a chat from its newest messages."""
        await self.remove_children()
        self._earlier = list(messages[:-PAGE])
        if self._earlier:
            await self.mount(Button(f"Show {len(self._earlier)} earlier messages", id="earlier"))
        for message in messages[-PAGE:]:
            await self._mount_message(message)
        self.anchor()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        page, self._earlier = self._earlier[-PAGE:], self._earlier[:-PAGE]
        await event.button.remove()
        before = self.children[0] if self.children else None
        for message in page:
            await self._mount_message(message, before)
        if self._earlier:
            await self.mount(Button(f"Show {len(self._earlier)} earlier messages", id="earlier"), before=0)

    async def _mount_message(self, message: StoredMessage, before: Widget | None = None) -> None:
        if message.role == "user":
            await self.mount(Question(message.text), before=before)
            return
        answer = Answer(message.text)
        await self.mount(answer, before=before)
        await answer.finish(message.text, message.details.citations, message.status)
        if message.details.error:
            await self.mount(Note(message.details.error, error=True), before=before)
