"""Typed commands: "/name argument". Those of the chat itself are here; plugins add theirs."""

from assistant.registry import Registry, suggest

BUILT_IN = {
    "help": ("", "Show the commands and keys."),
    "new": ("", "Begin a new chat (Ctrl+N)."),
    "chats": ("", "List and search past chats (Ctrl+S)."),
    "open": ("ID", "Reopen a past chat."),
    "model": ("[NAME]", "Show the models, or answer with another one."),
    "stop": ("", "Stop the answer and keep its text (Esc)."),
    "quit": ("", "Leave (Ctrl+Q)."),
}
KEYS = "Enter sends, Shift+Enter, Ctrl+J or Alt+Enter make a new line, Up recalls, Ctrl+P is the palette."


def parse(text: str) -> tuple[str, str]:
    """Split "/name argument"."""
    name, _, argument = text[1:].partition(" ")
    return name.strip().lower(), argument.strip()


def check(name: str, registry: Registry) -> None:
    """Raise `NotFound` with a suggestion for a command that nobody offers."""
    known = [*BUILT_IN, *(n for n, o in registry.commands.items() if o.value.chat)]
    if name not in known:
        raise suggest("command", name, known, "See them with /help.")


def summaries(registry: Registry) -> list[tuple[str, str]]:
    """(usage, summary) of every command."""
    rows = [(f"/{name} {usage}".rstrip(), summary) for name, (usage, summary) in BUILT_IN.items()]
    for name, offer in registry.commands.items():
        if offer.value.chat and name not in BUILT_IN:
            rows.append((f"/{name} {offer.value.usage}".rstrip(), offer.value.summary))
    return rows


def help_text(registry: Registry) -> str:
    """All commands and the keys, as text."""
    rows = summaries(registry)
    width = max(len(usage) for usage, _ in rows)
    return "\n".join([*(f"{usage:{width}}  {summary}" for usage, summary in rows), "", KEYS])
