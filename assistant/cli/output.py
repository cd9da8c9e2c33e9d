"""What goes to the terminal: results to stdout, notes to stderr, and nothing that could steer the terminal."""

import json
import sys
from typing import Any

import click

from assistant.api import Passage
from assistant.errors import AssistantError
from assistant.plain_text import clean


def say(text: str = "", *, newline: bool = True) -> None:
    """Print a result to stdout."""
    click.echo(clean(text), nl=newline)


def note(text: str) -> None:
    """Print a note to stderr."""
    click.echo(clean(text), err=True)


def say_json(value: Any) -> None:
    """Print one JSON object."""
    click.echo(json.dumps(value, ensure_ascii=not _writes_unicode(), indent=None))


def say_error(error: AssistantError) -> None:
    """Print an error's sentence and hint to stderr."""
    note(f"Error: {error.message}")
    if error.hint:
        note(error.hint)


def place(passage: Passage) -> str:
    """A passage's place as "path:3-5" or "path p. 2", with its heading."""
    text = passage.path
    if passage.line_start is not None:
        end = f"-{passage.line_end}" if passage.line_end not in (None, passage.line_start) else ""
        text += f":{passage.line_start}{end}"
    if passage.page is not None:
        text += f" p. {passage.page}"
    return text + (f"  ({passage.heading})" if passage.heading else "")


def _writes_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
