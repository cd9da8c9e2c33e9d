"""The chat command /kb."""

import shlex
from pathlib import Path

from assistant.api import Chat, UsageError
from assistant.knowledge.passages import visible

from .library import Library


def answer(library: Library, chat: Chat, argument: str) -> str:
    """`/kb`, `/kb NAME…`, `/kb all`, `/kb off`, `/kb add PATH`."""
    words = _words(argument)
    if words and words[0] == "add":
        return _add(library, chat, words[1:])
    if words == ["off"]:
        chat.use_collections(None)
    elif words == ["all"]:
        chat.use_collections(())
    elif words:
        chat.use_collections(words)
    return state(library, chat)


def state(library: Library, chat: Chat) -> str:
    """What there is and what is in use, as Markdown."""
    counts = library.store.counts() if library.exists else []
    if not counts:
        return "The knowledge base is empty. Add documents with `/kb add PATH`."
    used = chat.collections
    lines = [f"- {_line(name)}: {files} files, {chunks} passages" for name, files, _, chunks, _ in counts]
    now = "nothing (`/kb all` turns it on)" if used is None else ", ".join(used) or "everything"
    return "\n".join([*lines, "", f"Answers are looked up in: {now}."])


def _add(library: Library, chat: Chat, paths: list[str]) -> str:
    if not paths:
        raise UsageError("No file or folder was named.", "Write it as: /kb add PATH")
    from .ingest import Ingest

    report = Ingest(library, lambda text: chat.progress(_line(text))).add([Path(path) for path in paths], "default")
    lines = [
        f"Added {report.added}, updated {report.updated}, unchanged {report.unchanged}, skipped {report.skipped}, "
        f"failed {len(report.failed)}."
    ]
    lines += [f"- failed: {_line(item['path'])}: {_line(item['reason'])}" for item in report.failed]
    return "\n".join(lines + report.notes)


def _words(argument: str) -> list[str]:
    """The argument's words; quotes hold a path with spaces together, and so does an unquoted path that is there."""
    first, _, rest = argument.strip().partition(" ")
    if first == "add" and rest and Path(rest.strip()).expanduser().exists():
        return [first, rest.strip()]
    try:
        return shlex.split(argument, posix="\\" not in argument)
    except ValueError:
        return argument.split()


def _line(text: str) -> str:
    return " ".join(visible(text).split())
