"""Markdown written by a model or found in a document."""

from markdown_it import MarkdownIt
from textual.widgets import Markdown

from assistant.plain_text import clean


def _parser() -> MarkdownIt:
    # HTML is shown as the text it is: Textual has no block for it and would leave it out without a word.
    return MarkdownIt("gfm-like", {"html": False})


class Prose(Markdown):
    """Foreign Markdown made harmless: a link only says where it leads, and what a terminal would obey is taken out."""

    def __init__(self, text: str = "", *, classes: str = "prose") -> None:
        super().__init__(clean(text), parser_factory=_parser, open_links=False, classes=classes)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """Say where the link leads."""
        event.stop()
        self.notify(clean(event.href), title="Link", markup=False)
