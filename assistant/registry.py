"""What the plugins offered, by kind and name, and whose it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Generic, TypeVar

from assistant.api import Adapter, Command, DocumentLoader, Embedder, KnowledgeSource, ModelSource
from assistant.errors import NotFound

T = TypeVar("T")

RESERVED = frozenset(
    ["ask", "chats", "config", "doctor", "help", "model", "models", "new", "open", "plugins", "quit", "source", "stop"]
)
"""The program's own commands, in the shell and in the chat: a plugin cannot offer one of these."""
KINDS = ("models", "embedders", "loaders", "knowledge", "adapters", "commands")


@dataclass(frozen=True, slots=True)
class Offer(Generic[T]):
    """One offered value and the plugin it came from."""

    value: T
    plugin: str


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong with a plugin: at which stage (find, import, a hook's name) and why."""

    plugin: str
    stage: str
    message: str


@dataclass(slots=True)
class Registry:
    """Everything on offer, filled by the plugin loader; `refresh(kind)` asks the plugins again."""

    models: dict[str, Offer[ModelSource]] = field(default_factory=dict)
    embedders: dict[str, Offer[Embedder]] = field(default_factory=dict)
    loaders: dict[str, Offer[DocumentLoader]] = field(default_factory=dict)
    knowledge: dict[str, Offer[KnowledgeSource]] = field(default_factory=dict)
    adapters: dict[str, Offer[Adapter]] = field(default_factory=dict)
    commands: dict[str, Offer[Command]] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)
    refresh: Callable[[str], None] = lambda _: None

    def default_model(self, name: str = "") -> ModelSource | None:
        """The model of that name, a GGUF at that path, or the starter model; None when there is none."""
        if name:
            return self.find_model(name)
        starters = [offer.value for offer in self.models.values() if offer.value.starter]
        return starters[0] if starters else None

    def find_model(self, name: str) -> ModelSource:
        """The model of that name, or the GGUF file at that path. Raises `NotFound` with a suggestion."""
        if name in self.models:
            return self.models[name].value
        path = Path(name).expanduser()
        if path.suffix == ".gguf" or "/" in name or path.is_file():
            if not path.is_file():
                raise NotFound(f"There is no model file {path}.", "See what there is with: assistant models list")
            return ModelSource(path.stem, path=path.absolute())
        raise suggest("model", name, list(self.models), "Add one with: assistant models add FILE")


def suggest(kind: str, name: str, known: list[str], hint: str = "") -> NotFound:
    """Say that there is no such name, and which near one was perhaps meant."""
    close = get_close_matches(name, known, n=1, cutoff=0.5)
    if close:
        return NotFound(f"There is no {kind} named {name!r}.", f"Did you mean {close[0]!r}?")
    shown = ", ".join(sorted(known)[:12])
    return NotFound(f"There is no {kind} named {name!r}.", hint or (f"There are: {shown}." if shown else ""))
