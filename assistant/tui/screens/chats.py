"""The past chats: a search box and a list."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from assistant.chat.store import ChatStore
from assistant.plain_text import clean


class ChatsScreen(ModalScreen[str | None]):
    """Returns the id of the chosen chat."""

    BINDINGS: ClassVar = [("escape", "dismiss", "Back")]

    def __init__(self, store: ChatStore) -> None:
        super().__init__()
        self._store = store

    def compose(self) -> ComposeResult:
        with Vertical(id="chats"):
            yield Input(placeholder="Search all chats")
            yield OptionList(markup=False)

    def on_mount(self) -> None:
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss((event.option.id or "").partition(" ")[0])

    def _fill(self, query: str) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        if query.strip():
            for hit in self._store.search(query):
                text = f"{hit.title}\n  {' '.join(hit.snippet.split())}"
                options.add_option(Option(clean(text), id=f"{hit.chat} {hit.message}"))
        else:
            for chat in self._store.chats():
                text = f"{chat.updated[:16].replace('T', ' ')}  {chat.title}"
                options.add_option(Option(clean(text), id=chat.id))
        if options.option_count:
            options.highlighted = 0
