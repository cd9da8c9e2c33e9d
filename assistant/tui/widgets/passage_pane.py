"""The pane that shows a cited passage at its place."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from assistant.api import Citation, Passage
from assistant.plain_text import clean
from assistant.tui.widgets.messages import describe


class PassagePane(VerticalScroll, can_focus=True):
    """The passage with what stands before and after it; the cited words are marked."""

    def __init__(self) -> None:
        super().__init__(id="passage")
        self.border_title = "Passage"
        self.border_subtitle = "Esc closes"
        self.display = False

    def compose(self) -> ComposeResult:
        yield Static(id="passage-place", markup=False)
        yield Static(id="passage-text", markup=False)

    def open(self, citation: Citation, whole: Passage, before: str, after: str) -> None:
        """Show a citation within the passage it was found in, and that one within its document."""
        cited = citation.passage
        start = cited.char_start - whole.char_start
        end = start + len(cited.quote)
        if whole.quote[start:end] != cited.quote or start < 0:
            start, end = 0, len(whole.quote)
        text = Text(overflow="fold")
        text.append(clean(before), "dim")
        text.append(clean(whole.quote[:start]))
        marked = len(text)
        text.append(clean(whole.quote[start:end]), "bold reverse")
        text.append(clean(whole.quote[end:]))
        text.append(clean(after), "dim")
        self.query_one("#passage-place", Static).update(f"{describe(citation)}\n{clean(cited.path)}")
        self.query_one("#passage-text", Static).update(text)
        self.display = True
        self.focus()
        self.call_after_refresh(self._go_to, text, marked)

    def close(self) -> None:
        """Hide the pane."""
        self.display = False

    def _go_to(self, text: Text, offset: int) -> None:
        width = max(1, self.query_one("#passage-text").size.width)
        above: list[Text] = list(text[:offset].wrap(self.app.console, width)) if offset else []
        self.scroll_to(y=max(0, len(above) - 2), animate=False)
