"""The first-run card: three lines that say how far the program is, while the chat is empty."""

from collections.abc import Sequence
from typing import Literal

from rich.text import Text
from textual.widgets import Static

from assistant.plain_text import clean

State = Literal["ready", "busy", "missing"]
GLYPHS = {"ready": ("✓", "green"), "busy": ("●", "yellow"), "missing": ("○", "dim")}


class Card(Static):
    """Model, knowledge, ask."""

    def __init__(self) -> None:
        super().__init__(markup=False, id="card")
        self.border_title = "assistant"
        self._model: tuple[State, str] = ("busy", "starting…")
        self._knowledge: tuple[State, str] = ("busy", "looking…")
        self._ask: tuple[State, str] = ("busy", "type already; it is asked when the model is ready")

    def on_mount(self) -> None:
        self._redraw()

    def model(self, name: str, *, loaded: bool) -> None:
        """Say which model answers."""
        if not name:
            self._model = ("missing", "none yet: assistant models add FILE.gguf")
            self._ask = ("missing", "needs a model; /model echo tries the chat without one")
        elif loaded:
            self._model = ("ready", clean(name))
            self._ask = ("ready", "type a question below; Enter sends, /help lists the commands")
        else:
            self._model = ("busy", f"{clean(name)}, loading…")
        self._redraw()

    def knowledge(self, collections: Sequence[str], *, can_add: bool) -> None:
        """Say what answers are looked up in."""
        if collections:
            self._knowledge = ("ready", clean(", ".join(collections)))
        elif can_add:
            self._knowledge = ("missing", "none yet: /kb add PATH takes your files in")
        else:
            self._knowledge = ("missing", "no plugin offers any")
        self._redraw()

    def _redraw(self) -> None:
        rows = (("Model", *self._model), ("Knowledge", *self._knowledge), ("Ask", *self._ask))
        text = Text()
        for name, state, words in rows:
            glyph, style = GLYPHS[state]
            text.append(f"{glyph} ", style)
            text.append(f"{name:<10} ", "bold")
            text.append(words + "\n")
        text.rstrip()
        self.update(text)
