"""Names of adapters: what may be one, and how to find the one that a user means."""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from assistant.api import Adapter, AssistantError, Host, ModelSource, NotFound, UsageError

LONGEST = 80
ADD_HINT = "Add one with: assistant adapters add FILE"


def check_name(name: str) -> str:
    """Return a name that can be a file and can be typed as `NAME=SCALE`. Raises `UsageError`."""
    if not re.fullmatch(r"\w[\w.+-]*", name) or len(name) > LONGEST:
        raise UsageError(
            f"{printable(name)[:LONGEST]!r} cannot be an adapter's name.",
            f"Use letters, digits, '-', '_', '+' and '.', at most {LONGEST}.",
        )
    if name.lower() == "off" or is_number(name):
        raise UsageError(f"{name!r} cannot be an adapter's name: it would be read as a scale.", "Choose another.")
    return name


def name_of(path: Path) -> str:
    """The name that a file suggests."""
    return re.sub(r"[^\w.+-]+", "-", path.stem).strip("-.+")[:LONGEST]


def is_number(text: str) -> bool:
    """Whether the text would be read as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def find_adapter(host: Host, name: str) -> Adapter:
    """The adapter of that name, whichever plugin offers it. Raises `NotFound` with a suggestion."""
    known = {adapter.name: adapter for adapter in host.adapters()}
    if name in known:
        return known[name]
    raise unknown("adapter", name, known, ADD_HINT)


def find_model(host: Host, name: str | None) -> ModelSource:
    """The model of that name or path, or the one new chats start with. Raises `NotFound`."""
    if not name:
        model = host.default_model()
        if model is None:
            raise NotFound("There is no model to check the adapter against.", "Add one: assistant models add FILE")
        return model
    known = {model.name: model for model in host.models()}
    if name in known:
        return known[name]
    path = Path(name).expanduser()
    if path.is_file():
        return ModelSource(path.stem, path=path.absolute())
    raise unknown("model", name, known, "See what there is with: assistant models list")


def unknown(kind: str, name: str, known: Iterable[str], hint: str) -> AssistantError:
    """Say that there is no such name, and which near one was perhaps meant."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return NotFound(
        f"There is no {kind} named {printable(name)[:LONGEST]!r}.", f"Did you mean {close[0]!r}?" if close else hint
    )


def printable(text: str) -> str:
    """The text without characters that could steer a terminal: names inside a GGUF come from strangers."""
    return "".join(c if c.isprintable() else "?" for c in text)
