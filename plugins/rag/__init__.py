"""Knowledge from documents: load, chunk, embed, store, embed the question, search, passages.

Nothing is opened or imported before it is used; see `cli.py` for the commands and `source.py` for the search.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.api import Chat, Command, DocumentLoader, Embedder, Host, KnowledgeSource, hookimpl

from .library import library

if TYPE_CHECKING:
    import click


@hookimpl
def register_loaders() -> Iterable[DocumentLoader]:
    """Offer the loaders of the bundled formats."""
    from .loaders import LOADERS

    return LOADERS


@hookimpl
def register_embedders(host: Host) -> Iterable[Embedder]:
    """Offer the sentence-transformers model that is installed as a package."""
    return [library(host).embedder]


@hookimpl
def register_knowledge(host: Host) -> Iterable[KnowledgeSource]:
    """Offer the documents as a source of knowledge."""
    return [library(host).source]


@hookimpl
def register_commands(host: Host) -> Iterable[Command]:
    """Offer `assistant kb` and `/kb`."""

    def shell() -> "click.Group":
        from .cli import make_group

        return make_group(library(host))

    def chat(chat: Chat, argument: str) -> str:
        from .chat import answer

        return answer(library(host), chat, argument)

    summary = "Add, search and forget documents."
    usage = "[NAME… | all | off | add PATH]"
    return [Command("kb", summary, usage, shell=shell, chat=chat)]


@hookimpl
def on_stop(host: Host) -> None:
    """Close the database."""
    library(host).close()
