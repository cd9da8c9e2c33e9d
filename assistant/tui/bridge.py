"""Runs a question in a thread and brings its events to the screen; text is gathered for a short while first."""

import time
from collections.abc import Callable

from assistant.api import AssistantError, Text
from assistant.chat.events import Event
from assistant.chat.session import Session

GATHER = 0.04
"""Seconds; the screen is told of text at most 25 times a second."""


def ask(
    session: Session,
    question: str,
    show: Callable[[Event], None],
    fail: Callable[[AssistantError], None],
) -> None:
    """Ask in this thread; `show` and `fail` hand over to the screen's thread."""
    waiting: list[str] = []
    last = 0.0
    try:
        for event in session.ask(question):
            if isinstance(event, Text):
                waiting.append(event.text)
                if time.monotonic() - last < GATHER:
                    continue
                event, waiting, last = Text("".join(waiting)), [], time.monotonic()
            elif waiting:
                show(Text("".join(waiting)))
                waiting = []
            show(event)
    except AssistantError as error:
        if waiting:
            show(Text("".join(waiting)))
        fail(error)
    except Exception as error:  # noqa: BLE001 - around one turn: the chat must go on
        fail(AssistantError(f"{type(error).__name__}: {error}", "This is a fault of the program; the chat is kept."))
