"""assistant ask: one answer on stdout."""

import sys
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import click

from assistant.api import Passage, Reply, Sampling, Text
from assistant.chat.events import Answered, Event, LeftOut, Noticed, Restarted, Retrieved
from assistant.chat.records import adapter_to_json, passage_to_json
from assistant.chat.session import Session
from assistant.cli.compose import Program
from assistant.cli.output import note, place, say, say_json
from assistant.errors import AssistantError, NotFound, Stopped, UsageError


@dataclass(slots=True)
class Shown:
    """What was seen of one turn."""

    passages: tuple[Passage, ...] = ()
    steps: list[dict[str, Any]] = field(default_factory=list)
    found: list[dict[str, Any]] = field(default_factory=list)
    reply: Reply | None = None


@click.command()
@click.argument("question")
@click.option("--kb", "collections", multiple=True, metavar="NAME", help="Look up in this collection (repeatable).")
@click.option("--no-kb", is_flag=True, help="Look nothing up.")
@click.option("--adapter", "adapters", multiple=True, metavar="NAME[=SCALE]", help="Lay an adapter over the model.")
@click.option("--model", metavar="NAME", help="Answer with this model (name or path).")
@click.option("--chat", metavar="ID", help="Go on with this chat.")
@click.option("--system", metavar="TEXT|@FILE", help="System prompt.")
@click.option("--max-tokens", type=click.IntRange(1), help="Longest answer in tokens.")
@click.option("--temperature", type=click.FloatRange(0), help="Randomness; 0 is greedy.")
@click.option("--top-k", type=click.IntRange(0), help="Sample from the N likeliest tokens.")
@click.option("--top-p", type=click.FloatRange(0, 1), help="Sample from the smallest set with this probability.")
@click.option("--min-p", type=click.FloatRange(0, 1), help="Leave out tokens below this share of the likeliest.")
@click.option("--seed", type=click.IntRange(0), help="Seed for a repeatable answer.")
@click.option("--stop", "stops", multiple=True, metavar="TEXT", help="End the answer before this text (repeatable).")
@click.option("--explain", is_flag=True, help="Show how the answer came about, on stderr.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def ask(
    program: Program,
    /,
    question: str,
    collections: tuple[str, ...],
    no_kb: bool,
    adapters: tuple[str, ...],
    model: str | None,
    chat: str | None,
    system: str | None,
    stops: tuple[str, ...],
    explain: bool,
    as_json: bool,
    **sampling: Any,
) -> None:
    """Answer one QUESTION, or the one on stdin where it is "-". Other text on stdin is attached to it."""
    if no_kb and collections:
        raise UsageError("--kb and --no-kb exclude each other.", "Give one of them.")
    question, attachment = _read(question)
    program.expect_engine()
    workspace = program.workspace
    if not as_json:
        workspace.notify = note
    session = workspace.open(
        chat,
        model=workspace.find_model(model) if model else None,
        sampling=_sampling(workspace.sampling(), stops, sampling),
    )
    session.warm()
    if adapters:
        session.use_adapters(workspace.find_adapters(adapters))
    if no_kb or collections:
        session.use_collections(None if no_kb else collections)
    if system is not None:
        session.system = _system(system)
    shown = Shown()
    try:
        for event in session.ask(question, attachment):
            _show(event, shown, streaming=not as_json)
    except KeyboardInterrupt:
        session.stop()
        raise Stopped("Stopped; the text so far is kept.", f"See it with: assistant chats show {session.id}") from None
    reply = shown.reply
    if reply is None:
        raise AssistantError("The model gave no answer.")
    if explain:
        _explain(shown, reply)
    if as_json:
        say_json(_as_json(session, shown, reply, explain))
    else:
        _show_sources(reply)


def _read(question: str) -> tuple[str, str]:
    """The question and what is attached. Only a pipe or file is read: an inherited terminal is left alone."""
    text = ""
    if question == "-" or _has_input():
        text = sys.stdin.buffer.read().decode("utf-8", "replace")
    if question == "-":
        question, text = text.strip(), ""
    if not question.strip():
        raise UsageError("The question is empty.", "Write it as: assistant ask 'What …?'")
    return question, text


def _has_input() -> bool:
    import os
    import stat

    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (OSError, ValueError, AttributeError):
        return False
    return stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and _readable())


def _readable() -> bool:
    """Whether a pipe has text or an end; one that a parent merely leaves open would wait for ever."""
    import select

    try:
        return bool(select.select([sys.stdin], [], [], 0.2)[0])
    except (OSError, ValueError):
        return True


def _sampling(base: Sampling, stops: tuple[str, ...], given: dict[str, Any]) -> Sampling:
    return replace(base, stop=stops, **{name: value for name, value in given.items() if value is not None})


def _system(text: str) -> str:
    if not text.startswith("@"):
        return text
    path = Path(text[1:]).expanduser()
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(f"The system prompt {path} cannot be read: {error}.", "Check the path.") from error


def _show(event: Event, shown: Shown, *, streaming: bool) -> None:
    if isinstance(event, Text) and streaming:
        say(event.text, newline=False)
        sys.stdout.flush()
    elif isinstance(event, Retrieved):
        shown.passages = event.found.passages[: event.used]
        shown.steps = [asdict(step) for step in event.found.steps]
        shown.found = [{**passage_to_json(p), "used": i < event.used} for i, p in enumerate(event.found.passages)]
    elif isinstance(event, Answered):
        shown.reply = event.reply
        if streaming:
            say()
    elif isinstance(event, LeftOut):
        note(f"The window is full: the oldest {event.messages} messages were left out.")
    elif isinstance(event, Restarted):
        note(f"{event.reason} It was restarted.")
    elif isinstance(event, Noticed):
        note(event.text)


def _show_sources(reply: Reply) -> None:
    if reply.citations:
        say()
    for citation in reply.citations:
        say(f"[{citation.n}] {place(citation.passage)}")
        say(f"    {' '.join(citation.passage.text.split())[:200]}")


def _explain(shown: Shown, reply: Reply) -> None:
    for step in shown.steps:
        note(f"{step['ms']:9.1f} ms  {step['name']}: {step['detail']}")
    for passage in shown.found:
        scores = "  ".join(f"{name} {value:.3f}" for name, value in passage["scores"].items())
        mark = "used   " if passage["used"] else "left   "
        note(f"  {mark} {passage['score']:7.3f}  {passage['path']}:{passage['line_start'] or ''}  {scores}")
    for name, value in reply.timings_ms.items():
        note(f"{value:9.1f} ms  {name}")
    usage = reply.usage
    note(
        f"prompt {usage.prompt_tokens} tokens ({usage.cached_tokens} cached), answer {usage.completion_tokens} tokens, "
        f"{reply.tokens_per_second:.1f} tokens/s, ended by {reply.stop_reason}"
    )


def _as_json(session: Session, shown: Shown, reply: Reply, explain: bool) -> dict[str, Any]:
    value = {
        "chat": reply.chat,
        "answer": reply.text,
        "citations": [{"n": c.n, **passage_to_json(c.passage)} for c in reply.citations],
        "passages": [{"n": n, **passage_to_json(p)} for n, p in enumerate(shown.passages, 1)],
        "model": reply.model,
        "adapters": [adapter_to_json(a) for a in session.adapters],
        "stop_reason": reply.stop_reason,
        "usage": asdict(reply.usage),
        "timings_ms": {name: round(ms, 2) for name, ms in reply.timings_ms.items()},
        "tokens_per_second": round(reply.tokens_per_second, 2),
    }
    if explain:
        value["explain"] = {"steps": shown.steps, "found": shown.found}
    return value
