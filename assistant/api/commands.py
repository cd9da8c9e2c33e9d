"""Commands: "/name" in the chat and "assistant name" in the shell."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from assistant.api.generation import AdapterUse

if TYPE_CHECKING:
    import click


class Chat(Protocol):
    """The open chat as a command sees it."""

    @property
    def id(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def adapters(self) -> tuple[AdapterUse, ...]: ...

    def use_adapters(self, adapters: Sequence[AdapterUse]) -> None:
        """Lay exactly these over the model from the next answer on. Raises `AdapterError`."""

    @property
    def collections(self) -> tuple[str, ...] | None:
        """What answers are looked up in: names, `()` for everything, `None` for no look-up."""

    def use_collections(self, collections: Sequence[str] | None) -> None:
        """Choose what answers are looked up in."""

    def progress(self, text: str) -> None:
        """Show one line of what is going on, replacing the last."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command. `shell` makes a click command lazily; `chat` answers a typed line with text (Markdown) or None."""

    name: str
    summary: str
    usage: str = ""
    shell: "Callable[[], click.Command] | None" = None
    chat: Callable[[Chat, str], str | None] | None = None
