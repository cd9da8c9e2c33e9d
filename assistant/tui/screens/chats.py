"""The past chats: a search box and a list."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from assistant.api import AssistantError
from assistant.plain_text import clean

if TYPE_CHECKING:
    from assistant.chat.store import ChatStore


class ChatsScreen(ModalScreen[str | None]):
    """Returns the id of the chosen chat."""

    BINDINGS: ClassVar = [
        ("escape", "dismiss", "Back"),
        ("down", "move(1)", "Next"),
        ("up", "move(-1)", "Previous"),
    ]

    def __init__(self, store: "ChatStore") -> None:
        super().__init__()
        self._store = store

    def compose(self) -> ComposeResult:
        with Vertical(id="chats", classes="dialog") as box:
            box.border_title = "Past chats"
            box.border_subtitle = "Enter opens · Esc closes"
            yield Input(placeholder="Search all chats", compact=True)
            yield OptionList(markup=False, compact=True)

    def on_mount(self) -> None:
        self._fill("")

    def on_input_changed(self, event: Input.Changed) -> None:
        self._fill(event.value)

    def on_input_submitted(self) -> None:
        self.query_one(OptionList).action_select()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss((event.option.id or "").partition(" ")[0])

    def action_move(self, step: int) -> None:
        """Move in the list while the search box has the focus."""
        options = self.query_one(OptionList)
        if step > 0:
            options.action_cursor_down()
        else:
            options.action_cursor_up()

    def _fill(self, query: str) -> None:
        options = self.query_one(OptionList)
        try:
            rows = self._hits(query) if query.strip() else self._chats()
        except AssistantError as error:
            rows = [Option(clean(str(error)), disabled=True)]
        options.clear_options()
        options.add_options(rows or [Option("Nothing found." if query else "No chats yet.", disabled=True)])
        if rows:
            options.highlighted = 0

    def _chats(self) -> list[Option]:
        return [
            Option(_line(f"{chat.updated[:16].replace('T', ' ')}  {chat.title or '(no title)'}"), id=chat.id)
            for chat in self._store.chats()
        ]

    def _hits(self, query: str) -> list[Option]:
        return [
            Option(f"{_line(hit.title)}\n    {_line(hit.snippet)}", id=f"{hit.chat} {hit.message}")
            for hit in self._store.search(query)
        ]


def _line(text: str) -> str:
    return " ".join(clean(text).split())
