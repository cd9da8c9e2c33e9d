"""The chat command /kb."""

from pathlib import Path
from typing import Any

from .library import Library


def answer(library: Library, chat: Any, argument: str) -> str:
    """`/kb`, `/kb NAME…`, `/kb all`, `/kb off`, `/kb add PATH`."""
    words = argument.split()
    if not words:
        return state(library, chat)
    if words[0] == "add" and len(words) > 1:
        from .ingest import Ingest

        path = Path(argument.split(maxsplit=1)[1])
        report = Ingest(library, chat.progress).add([path], "default")
        lines = [f"Added {report.added} files, {report.unchanged} unchanged, {report.skipped} skipped."]
        lines += [f"- failed: {item['path']}: {item['reason']}" for item in report.failed]
        return "\n".join(lines + report.notes)
    if words == ["off"]:
        chat.use_collections(None)
    elif words == ["all"]:
        chat.use_collections(())
    else:
        chat.use_collections(words)
    return state(library, chat)


def state(library: Library, chat: Any) -> str:
    """What there is and what is in use, as Markdown."""
    counts = library.store.counts() if library.exists else []
    if not counts:
        return "The knowledge base is empty. Add documents with `/kb add PATH`."
    used = chat.collections
    lines = [f"- {name}: {files} files, {chunks} passages" for name, files, _, chunks, _ in counts]
    now = "nothing (`/kb all` turns it on)" if used is None else ", ".join(used) or "everything"
    return "\n".join([*lines, "", f"Answers are looked up in: {now}."])
