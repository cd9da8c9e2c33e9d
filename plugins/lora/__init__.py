"""LoRA adapters: kept with their facts, listed, and switched in the chat without loading the model again."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from assistant.api import Adapter, Chat, Command, Host, hookimpl

from .store import AdapterStore

if TYPE_CHECKING:
    import click


@hookimpl
def register_adapters(host: Host) -> Iterable[Adapter]:
    """List the kept adapters; damaged entries become one failure of this plugin after the good ones."""
    store = AdapterStore(host.data_folder / "adapters")
    yield from store.adapters()
    store.raise_damage()


@hookimpl
def register_commands(host: Host) -> Iterable[Command]:
    """Offer `assistant adapters` and `/lora`."""

    def shell() -> "click.Command":
        from .cli import adapters_command

        return adapters_command(host)

    def chat(chat: Chat, argument: str) -> str:
        from .chat import lora

        return lora(host, chat, argument)

    yield Command("adapters", "List, add and remove LoRA adapters.", "list|add|info|remove", shell=shell)
    yield Command("lora", "Lay adapters over the model, or take them off.", "[NAME [SCALE|off]]… | off", chat=chat)
