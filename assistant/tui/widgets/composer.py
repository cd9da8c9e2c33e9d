"""Where a question is typed: grows to ten lines, Enter sends."""

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from assistant.plain_text import clean
from assistant.tui.keys import NEW_LINE, tell_apart

tell_apart()


class Composer(TextArea):
    """Enter sends; Shift+Enter, Ctrl+J and Alt+Enter make a new line; Up at the very start recalls."""

    @dataclass
    class Sent(Message):
        """The user sends this text."""

        text: str

    @dataclass
    class Paged(Message):
        """The user wants to read on in the transcript, without leaving the composer."""

        pages: int

    def __init__(self) -> None:
        super().__init__(
            id="composer",
            compact=True,
            highlight_cursor_line=False,
            placeholder="Ask, or type / for commands",
        )
        self.earlier: list[str] = []
        self._position: int | None = None
        self._draft = ""

    def prefill(self, text: str) -> None:
        """Put text here with the cursor behind it."""
        self.text = text
        self.move_cursor(self.document.end)
        self.focus()

    def on_key(self, event: events.Key) -> None:
        """Take the keys that mean something here; TextArea's own handler comes after, for the others."""
        if self._taken(event.key):
            event.prevent_default()
            event.stop()

    def on_paste(self, event: events.Paste) -> None:
        """Make pasted text harmless; TextArea's own handler comes after, and puts it in."""
        event.text = clean(event.text.replace("\r\n", "\n").replace("\r", "\n"))

    def _taken(self, key: str) -> bool:
        if key == "enter":
            self._send()
        elif key in NEW_LINE:
            self.replace("\n", *self.selection)
        elif key == "up" and self.cursor_location == (0, 0) and self.earlier:
            self._recall(-1)
        elif key == "down" and self._position is not None and self.cursor_location[0] == self.document.line_count - 1:
            self._recall(1)
        elif key in ("pageup", "pagedown"):
            self.post_message(self.Paged(-1 if key == "pageup" else 1))
        else:
            return False
        return True

    def _send(self) -> None:
        text = self.text.strip()
        if not text:
            return
        if self.earlier[-1:] != [text]:
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
