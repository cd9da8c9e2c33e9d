"""Typed commands: "/name argument". Those of the chat itself are here; plugins add theirs."""

import re
from collections.abc import Callable, Iterable, Iterator

from textual.app import SystemCommand

from assistant.chat.records import ChatSummary
from assistant.plain_text import clean
from assistant.registry import Registry, suggest

_COMMAND = re.compile(r"/[A-Za-z]*[\w-]*(?:\s|$)")

BUILT_IN = {
    "help": ("", "Show the commands and keys (F1)."),
    "new": ("", "Begin a new chat (Ctrl+N)."),
    "chats": ("", "List and search past chats (Ctrl+S)."),
    "open": ("ID", "Reopen a past chat."),
    "model": ("[NAME]", "Choose the model that answers."),
    "source": ("[N]", "Open source N of the last answer (Ctrl+O)."),
    "stop": ("", "Stop the answer and keep its text (Esc)."),
    "quit": ("", "Leave (Ctrl+Q)."),
}
KEYS = (
    "Enter sends. Shift+Enter, Ctrl+J or Alt+Enter begin a new line.",
    "Up at the very start recalls earlier questions, Down leads back to the draft.",
    "Shift+Tab goes to the sources, Enter or Ctrl+O opens one. PgUp and PgDn scroll. Ctrl+P is the palette.",
)


def is_command(text: str) -> bool:
    """Whether a line is a command; "/etc/hosts is what?" is a question."""
    return _COMMAND.match(text) is not None


def parse(text: str) -> tuple[str, str]:
    """Split "/name argument"."""
    words = text[1:].split(maxsplit=1)
    return (words[0].lower() if words else ""), (words[1].strip() if len(words) > 1 else "")


def check(name: str, registry: Registry) -> None:
    """Raise `NotFound` with a suggestion for a command that nobody offers."""
    known = [*BUILT_IN, *(n for n, o in registry.commands.items() if o.value.chat)]
    if name not in known:
        raise suggest("command", name, known, "See them with /help.")


def summaries(registry: Registry | None) -> list[tuple[str, str]]:
    """(usage, summary) of every command; the chat's own alone before the plugins are there."""
    rows = [(f"/{name} {usage}".rstrip(), summary) for name, (usage, summary) in BUILT_IN.items()]
    for name, offer in registry.commands.items() if registry is not None else ():
        if offer.value.chat and name not in BUILT_IN:
            rows.append((_line(f"/{name} {offer.value.usage}"), _line(offer.value.summary)))
    return rows


def help_text(registry: Registry | None, width: int) -> str:
    """All commands and the keys, as text; in two columns where they fit."""
    rows = summaries(registry)
    column = min(max(len(usage) for usage, _ in rows), width // 2)
    if width < 50:
        lines = [f"{usage}\n  {summary}" for usage, summary in rows]
    else:
        lines = [
            f"{usage:{column}}  {summary}" if len(usage) <= column else f"{usage}\n{'':{column}}  {summary}"
            for usage, summary in rows
        ]
    return "\n".join([*lines, "", *KEYS])


def palette(
    registry: Registry, chats: Iterable[ChatSummary], run: Callable[[str], object], fill: Callable[[str], object]
) -> Iterator[SystemCommand]:
    """The commands and the past chats for the palette; a command that takes words goes to the composer first."""
    for usage, summary in summaries(registry):
        name, _, takes = usage.partition(" ")
        if takes and not takes.startswith("["):
            yield SystemCommand(_plain(usage), _plain(summary), lambda name=name: fill(f"{name} "))
        else:
            yield SystemCommand(_plain(usage), _plain(summary), lambda name=name: run(name))
    for chat in chats:
        title = _plain(_line(f"Chat: {chat.title}"))
        yield SystemCommand(title, f"Reopen it; last used {chat.updated[:10]}", lambda id=chat.id: run(f"/open {id}"))


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _plain(text: str) -> str:
    """For the palette, which reads markup; Textual's own `escape` leaves "[NAME]" as it is."""
    return text.replace("[", "\\[")
