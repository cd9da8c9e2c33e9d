"""Where a question is typed: grows to ten lines, Enter sends."""

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.message import Message
from textual.widgets import TextArea


class Composer(TextArea):
    """Enter sends; Shift+Enter, Ctrl+J and Alt+Enter make a new line; Up at the start recalls earlier questions."""

    NEW_LINE: ClassVar = {"shift+enter", "ctrl+j", "alt+enter", "ctrl+enter"}

    @dataclass
    class Sent(Message):
        """The user sends this text."""

        text: str

    def __init__(self) -> None:
        super().__init__(id="composer", show_line_numbers=False, compact=True, soft_wrap=True)
        self.border_title = "Ask"
        self.earlier: list[str] = []
        self._position: int | None = None
        self._draft = ""

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self._send()
        elif event.key in self.NEW_LINE:
            event.prevent_default()
            event.stop()
            self.insert("\n")
        elif event.key == "up" and self.cursor_location == (0, 0) and self.earlier:
            event.prevent_default()
            event.stop()
            self._recall(-1)
        elif (
            event.key == "down"
            and self._position is not None
            and self.cursor_location[0] == self.document.line_count - 1
        ):
            event.prevent_default()
            event.stop()
            self._recall(1)
        else:
            await super()._on_key(event)

    def _send(self) -> None:
        text = self.text.strip()
        if not text:
            return
        self.earlier.append(text)
        self._position = None
        self.text = ""
        self.post_message(self.Sent(text))

    def _recall(self, step: int) -> None:
        if self._position is None:
            self._draft, self._position = self.text, len(self.earlier)
        self._position = max(0, self._position + step)
        if self._position >= len(self.earlier):
            self.text, self._position = self._draft, None
        else:
            self.text = self.earlier[self._position]
        self.move_cursor((0, 0))
