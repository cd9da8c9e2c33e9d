"""The program's side of the engine (implements `api.ChatModel`): one child, replaced when it dies."""

import contextlib
import itertools
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.api import Generated, GenerationEvent, Message, ModelInfo, Request
from assistant.engine.death import death_of
from assistant.engine.options import EngineOptions
from assistant.engine.protocol import NONSENSE, Frame, pack_request, unpack_error, unpack_event, unpack_info
from assistant.engine.spare import take
from assistant.errors import EngineDied
from assistant.processes.child import Child
from assistant.processes.frames import read_frame, write_frame

ALIVE = 0
"""The number of no request: answers to the question whether the child lives."""
LOOK_SECONDS = 1.0
"""How often a waiting call asks whether the child still lives, besides being told."""
SILENCE_SECONDS = 30.0
"""A child that has not answered such questions for so long hangs. Its second thread answers at any time."""


class Engine:
    """A GGUF model in a child process. Calls take turns; `stop` and `close` may come from any thread."""

    def __init__(self, name: str, path: Path, options: EngineOptions | None = None, *, log: Path | None = None) -> None:
        self._name, self._path, self._log = name, path.absolute(), log
        self._options = options or EngineOptions()
        self._child: Child | None = None
        self._info: ModelInfo | None = None
        self._loading = 0
        self._generating: int | None = None
        self._numbers = itertools.count(1)
        self._replies: dict[int, queue.SimpleQueue[Frame | None]] = {}
        self._turn = threading.Lock()
        self._writing = threading.Lock()
        self._stop_wanted = False
        self._starts = 0

    @property
    def process_id(self) -> int | None:
        """The child's process id, while there is one."""
        child = self._child
        return child.process.pid if child is not None else None

    @property
    def restarts(self) -> int:
        """How often a child was started after the first."""
        return max(0, self._starts - 1)

    def start(self) -> None:
        """Start the child and let it load, without waiting. Raises `EngineDied` when no process can be started."""
        with self._turn:
            self._begin()

    def load(self) -> ModelInfo:
        """See `api.ChatModel`."""
        child, info = self._child, self._info
        if info is not None and child is not None and child.process.poll() is None:
            return info
        with self._turn:
            return self._ready()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """See `api.ChatModel`."""
        with self._turn:
            self._ready()
            frame = self._wait(self._send("count", **pack_request(Request(tuple(messages)))))
            try:
                return int(frame["tokens"])
            except NONSENSE as error:
                raise self._died(_nonsense(error)) from error

    def generate(self, request: Request) -> Iterator[GenerationEvent]:
        """See `api.ChatModel`. Closing the iterator early stops the generation."""
        with self._turn:
            self._stop_wanted = False
            self._ready()
            number = self._send("generate", **pack_request(request))
            self._generating = number
            if self._stop_wanted:
                self.stop()
            ended = False
            try:
                while not ended:
                    try:
                        event = unpack_event(self._wait(number, keep=True))
                    except NONSENSE as error:
                        raise self._died(_nonsense(error)) from error
                    ended = isinstance(event, Generated)
                    yield event
            finally:
                self._generating = None
                if not ended and number in self._replies:
                    self._drain(number)
                self._replies.pop(number, None)

    def stop(self) -> None:
        """See `api.ChatModel`."""
        # Kept for a generation that still waits for its model to load.
        self._stop_wanted = True
        number, child = self._generating, self._child
        if number is not None and child is not None:
            # A death is for the generation to report, which knows what to say of it.
            with contextlib.suppress(OSError, ValueError), self._writing:
                write_frame(child.stdin, _stop(number))

    def close(self) -> None:
        """See `api.ChatModel`."""
        child, self._child, self._info = self._child, None, None
        if child is not None:
            child.kill()

    def _begin(self) -> None:
        if self._child is not None and self._child.process.poll() is None:
            return
        self.close()
        try:
            child = take(self._log)
        except OSError as error:
            raise EngineDied(
                f"The engine cannot be started: {error}.", "Close other programs and try again."
            ) from error
        self._child, self._replies = child, {}
        self._starts += 1
        threading.Thread(target=_listen, args=(child, self._replies), name="engine-replies", daemon=True).start()
        self._loading = self._send("load", name=self._name, path=str(self._path), options=asdict(self._options))

    def _ready(self) -> ModelInfo:
        self._begin()
        if self._info is None:
            try:
                self._info = unpack_info(self._wait(self._loading)["info"])
            except NONSENSE as error:
                raise self._died(_nonsense(error)) from error
            except BaseException:
                self.close()
                raise
        return self._info

    def _send(self, kind: str, **values: Any) -> int:
        number = next(self._numbers)
        self._replies[number] = queue.SimpleQueue()
        self._write({"kind": kind, "id": number, **values})
        return number

    def _write(self, frame: Frame) -> None:
        child = self._child
        if child is None:
            raise self._died()
        try:
            with self._writing:
                write_frame(child.stdin, frame)
        except (OSError, ValueError) as error:
            raise self._died() from error

    def _wait(self, number: int, *, keep: bool = False) -> Frame:
        replies = self._replies[number]
        alive = self._replies.setdefault(ALIVE, queue.SimpleQueue())
        heard = time.monotonic()
        frame: Frame | None = None
        while frame is None:
            try:
                frame = replies.get(timeout=LOOK_SECONDS)
            except queue.Empty:
                # The reader tells every queue of a death, except one that is younger than the death.
                if self._child is not None and self._child.process.poll() is None:
                    if not alive.empty():
                        heard = time.monotonic()
                        while not alive.empty():
                            alive.get()
                    if time.monotonic() - heard > SILENCE_SECONDS:
                        raise self._died("it does not answer") from None
                    self._write({"kind": "ping", "id": ALIVE})
                    continue
            if frame is None:
                self._replies.pop(number, None)
                raise self._died()
        if not keep or frame.get("kind") == "failed":
            self._replies.pop(number, None)
        if frame.get("kind") == "failed":
            raise unpack_error(frame)
        return frame

    def _drain(self, number: int) -> None:
        """Stop an abandoned generation and wait for its end, so that the next request finds the child free."""
        with contextlib.suppress(Exception):
            self._write(_stop(number))
            while self._wait(number, keep=True).get("kind") != "generated":
                pass

    def _died(self, how: str = "") -> EngineDied:
        child, self._child, self._info = self._child, None, None
        if child is None:
            return EngineDied("The model was closed while it was needed.", "Ask again: it is started anew.")
        return death_of(child, how)


def _listen(child: Child, replies: dict[int, "queue.SimpleQueue[Frame | None]"]) -> None:
    """Take the child's answers to those who wait for them, and tell them of its end."""
    end: Frame | None = None
    with contextlib.suppress(OSError), child.stdout:
        try:
            while (frame := read_frame(child.stdout)) is not None:
                number = frame[0].get("id")
                waiting = replies.get(number) if isinstance(number, int) else None
                if waiting is not None:
                    waiting.put(frame[0])
        except ValueError as error:
            # No answer at all: whoever waits cannot unpack it, and ends the child.
            end = {"kind": str(error)}
    for waiting in list(replies.values()):
        waiting.put(end)


def _stop(number: int) -> Frame:
    return {"kind": "stop", "id": 0, "request": number}


def _nonsense(error: Exception) -> str:
    return f"it sent nonsense ({error!r:.100})"
