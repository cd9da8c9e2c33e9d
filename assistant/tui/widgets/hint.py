"""The one line of keys at the bottom: those that do something now."""

from textual.widgets import Static

COMPOSING = "Enter send · Ctrl+J new line · ↑ recall · Ctrl+P palette · Ctrl+S chats · F1 help · Ctrl+Q quit"
ANSWERING = "Esc stop · Enter queues another question · PgUp scroll · Ctrl+Q quit"
SOURCE = "Enter open the passage · Tab next · Esc back"
PASSAGE = "↑↓ scroll · Esc close"


class Hint(Static):
    """Cut with an ellipsis where the terminal is narrow."""

    def __init__(self) -> None:
        super().__init__(COMPOSING, markup=False, id="hint")
        self._shown = COMPOSING

    def show(self, *, answering: bool, reading: bool, choosing: bool) -> None:
        """Show the keys for what the user is doing."""
        text = PASSAGE if reading else SOURCE if choosing else ANSWERING if answering else COMPOSING
        if text != self._shown:
            self._shown = text
            self.update(text)
