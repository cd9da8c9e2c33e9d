"""/lora: which adapters lie over the model of the open chat."""

import math
import shlex
from pathlib import Path

from assistant.api import AdapterUse, Chat, Host, UsageError

from .names import find_adapter, is_number, printable

USAGE = "Write /lora NAME, /lora NAME 0.5, /lora NAME off, or /lora off."


def lora(host: Host, chat: Chat, argument: str) -> str:
    """List the adapters, or change which are on; the rest stay as they are.

    Nothing changes when any of them is unknown or does not fit. Raises `NotFound`, `AdapterError`, `UsageError`.
    """
    words = _words(argument)
    if not words:
        return _listed(host, chat)
    on = {use.name: use for use in chat.adapters}
    while words:
        word = words.pop(0)
        if word.lower() == "off":
            on.clear()
            continue
        name, scale, words = _scaled(word, words)
        if scale == 0 and name in on:
            del on[name]
            continue
        use = _find(host, name, scale)
        if scale == 0:
            on.pop(use.name, None)
        else:
            _check(host, chat, use)
            on[use.name] = use
    chat.use_adapters(tuple(on.values()))
    return _state(chat)


def _words(argument: str) -> list[str]:
    try:
        # Not POSIX mode's backslashes: a Windows path is typed with them.
        lexer = shlex.shlex(argument, posix=True)
        lexer.whitespace_split, lexer.escape, lexer.commenters = True, "", ""
        return list(lexer)
    except ValueError:
        raise UsageError("A quotation mark is not closed.", USAGE) from None


def _scaled(word: str, rest: list[str]) -> tuple[str, float, list[str]]:
    if "=" in word:
        name, _, number = word.rpartition("=")
        return name, _scale(number), rest
    if rest and (rest[0].lower() == "off" or is_number(rest[0])):
        return word, _scale(rest[0]), rest[1:]
    return word, 1.0, rest


def _scale(text: str) -> float:
    if text.lower() == "off":
        return 0.0
    if not is_number(text) or not math.isfinite(float(text)):
        raise UsageError(f"{printable(text)!r} is no scale.", USAGE)
    return float(text)


def _find(host: Host, name: str, scale: float) -> AdapterUse:
    if name not in {adapter.name for adapter in host.adapters()}:
        path = Path(name).expanduser()
        if path.suffix == ".gguf" and path.is_file():
            return AdapterUse(path.stem, path.absolute(), scale)
    adapter = find_adapter(host, name)
    return AdapterUse(adapter.name, adapter.path, scale)


def _check(host: Host, chat: Chat, use: AdapterUse) -> None:
    """Refuse now what the engine would refuse at the next question, where the model's file is known."""
    model = next((model for model in host.models() if model.name == chat.model), None)
    if model is not None and model.path is not None:
        host.check_adapter(use.path, model)


def _listed(host: Host, chat: Chat) -> str:
    on = {use.name: use.scale for use in chat.adapters}
    adapters = {adapter.name: adapter for adapter in host.adapters()}
    if not adapters and not on:
        return "There is no adapter yet. Add one in the shell: `assistant adapters add FILE`"
    rows = ["| adapter | on | for | rank | alpha |", "|---|---|---|---|---|"]
    for name in sorted({*adapters, *on}):
        scale = f"{on[name]:g}" if name in on else ""
        found = adapters.get(name)
        facts = f"{_cell(found.base)} | {found.facts.rank} | {found.facts.alpha:g}" if found else " | | "
        rows.append(f"| {_cell(name)} | {scale} | {facts} |")
    return "\n".join([*rows, "", USAGE])


def _state(chat: Chat) -> str:
    if not chat.adapters:
        return "No adapter is on."
    return "On from the next answer: " + ", ".join(f"{_cell(use.name)} ({use.scale:g})" for use in chat.adapters)


def _cell(text: str) -> str:
    return printable(text).replace("|", "\\|")
