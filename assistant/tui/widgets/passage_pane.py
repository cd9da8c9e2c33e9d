"""The pane that shows a cited passage at its place."""

from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from assistant.api import Citation
from assistant.plain_text import clean
from assistant.tui.widgets.messages import describe


class PassagePane(VerticalScroll, can_focus=True):
    """The passage with what stands before and after it; the cited part is marked."""

    def __init__(self) -> None:
        super().__init__(id="passage")
        self._body = Static(id="passage-text")
        self.display = False

    def compose(self):  # type: ignore[no-untyped-def]  # noqa: ANN201
        yield self._body

    def open(self, citation: Citation, before: str, after: str) -> None:
        """Show a passage."""
        text = Text(clean(before), style="dim")
        text.append(clean(citation.passage.quote), style="bold reverse")
        text.append(clean(after), style="dim")
        head = Text(f"{clean(describe(citation))}\n{clean(citation.passage.path)}\n\n", style="bold")
        self._body.update(head + text)
        self.border_title = "Passage (Esc closes)"
        self.display = True
        self.focus()
        self.scroll_home(animate=False)

    def close(self) -> None:
        """Hide the pane."""
        self.display = False
