"""A child started before it is known which model it will hold, so that its imports overlap with the program's own."""

import os
import threading
from pathlib import Path

from assistant.processes.child import Child, spawn

MODULE = "assistant.engine.worker"
ENVIRONMENT = {"GGML_NO_BACKTRACE": "1", "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
"""Threads that wait must not spin: beside one busy process, spinning at some 600 barriers a token made an answer
20 times slower (5 instead of 99 tokens/s on two cores), and on an idle machine it gains nothing that was measured."""

_lock = threading.Lock()
_spare: list[Child] = []


def prestart(log: Path | None = None) -> None:
    """Start the child that the next engine takes; one that nobody takes ends with the program."""
    with _lock:
        if not _spare:
            try:
                _spare.append(spawn(MODULE, [], log=log, env=ENVIRONMENT))
            except OSError:
                return  # The engine will say so, if one is needed.


def take(log: Path | None) -> Child:
    """The child that was started before, else a new one. Raises `OSError` when no process can be started."""
    with _lock:
        child = _spare.pop() if _spare else None
    if child is not None and child.process.poll() is None:
        return child
    return spawn(MODULE, [], log=log, env=ENVIRONMENT)


def discard() -> None:
    """End the child that nobody took."""
    with _lock:
        while _spare:
            _spare.pop().kill()
