"""assistant chats: the chats on disk."""

from typing import Any

import click

from assistant.chat.records import StoredMessage, details_to_json
from assistant.cli.compose import Program
from assistant.cli.output import place, say, say_json
from assistant.errors import UsageError

MARKS = {"partial": "  [not finished]", "failed": "  [failed]", "complete": ""}


@click.group()
def chats() -> None:
    """List, search, show, resume and delete chats."""


@chats.command("list")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_chats(program: Program, limit: int, as_json: bool) -> None:
    """List the chats, the last used first."""
    found = program.workspace.store.chats(limit)
    if as_json:
        names = ("id", "title", "created", "updated", "messages")
        say_json({"chats": [{name: getattr(chat, name) for name in names} for chat in found]})
        return
    if not found:
        say("There are no chats yet. Begin one with: assistant")
    for chat in found:
        say(f"{chat.id}  {chat.updated[:16].replace('T', ' ')}  {chat.messages:4}  {chat.title}")


@chats.command()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most this many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def search(program: Program, query: str, limit: int, as_json: bool) -> None:
    """Find messages that hold all words of QUERY."""
    hits = program.workspace.store.search(query, limit)
    if as_json:
        names = ("chat", "title", "message", "role", "snippet", "created")
        say_json({"results": [{name: getattr(hit, name) for name in names} for hit in hits]})
        return
    if not hits:
        say(f"No message holds {query!r}.")
    for hit in hits:
        say(f"{hit.chat}  {hit.role:9}  {' '.join(hit.snippet.split())}")


@chats.command()
@click.argument("chat")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(program: Program, chat: str, as_json: bool) -> None:
    """Print a whole chat."""
    store = program.workspace.store
    summary = store.chat(chat)
    messages = store.thread(summary.id)
    if as_json:
        say_json({"chat": summary.id, "title": summary.title, "messages": [_as_json(m) for m in messages]})
        return
    say(f"# {summary.title}")
    for message in messages:
        say(f"\n{message.role}:{MARKS[message.status]}\n{message.text}")
        for citation in message.details.citations:
            say(f"[{citation.n}] {place(citation.passage)}")


@chats.command()
@click.argument("chat")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def delete(program: Program, chat: str, yes: bool) -> None:
    """Remove a chat for good."""
    summary = program.workspace.store.chat(chat)
    if not yes and not click.confirm(f"Delete {summary.title!r} with {summary.messages} messages?", err=True):
        raise UsageError("Nothing was deleted.", "Say --yes to delete without being asked.")
    program.workspace.store.delete(summary.id)
    say(f"Deleted {summary.id}.")


@chats.command()
@click.argument("chat", required=False)
@click.pass_obj
def resume(program: Program, chat: str | None) -> None:
    """Open a chat again (without CHAT: the last one)."""
    from assistant.cli.chat import open_chat

    store = program.workspace.store
    if chat is None:
        last = store.chats(1)
        if not last:
            raise UsageError("There are no chats yet.", "Begin one with: assistant")
        chat = last[0].id
    code = open_chat(program, store.chat(chat).id)
    click.get_current_context().exit(code)


def _as_json(message: StoredMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent": message.parent,
        "role": message.role,
        "text": message.text,
        "status": message.status,
        "created": message.created,
        **(details_to_json(message.details) if message.role == "assistant" else {}),
    }
