"""The program's side of the engine (implements `api.ChatModel`): one child, replaced when it dies."""

import contextlib
import itertools
import os
import queue
import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.api import Generated, GenerationEvent, Message, ModelInfo, Request
from assistant.engine.options import EngineOptions
from assistant.engine.protocol import pack_request, unpack_error, unpack_event, unpack_info
from assistant.errors import EngineDied
from assistant.processes.child import Child, spawn
from assistant.processes.frames import read_frame, write_frame

MODULE = "assistant.engine.worker"
ENVIRONMENT = {"GGML_NO_BACKTRACE": "1", "OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "passive")}
"""Threads that wait must not spin: beside one busy process, spinning at some 600 barriers a token made an answer
20 times slower (5 instead of 99 tokens/s on two cores), and on an idle machine it gains nothing that was measured."""
Frame = dict[str, Any]
NONSENSE = (KeyError, TypeError, ValueError)
WORDS = re.compile("error|assert|abort|cannot|failed|fatal|terminate", re.IGNORECASE)
"""Marks a line of the child's log that may say why it ended."""


class Engine:
    """A GGUF model in a child process. Calls take turns; `stop` and `close` may come from any thread."""

    def __init__(self, name: str, path: Path, options: EngineOptions | None = None, *, log: Path | None = None) -> None:
        self._name, self._path, self._log = name, path, log
        self._options = options or EngineOptions()
        self._child: Child | None = None
        self._info: ModelInfo | None = None
        self._loading: int | None = None
        self._generating: int | None = None
        self._numbers = itertools.count(1)
        self._replies: dict[int, queue.SimpleQueue[Frame | None]] = {}
        self._turn = threading.Lock()
        self._writing = threading.Lock()
        self._stop_wanted = False
        self.starts = 0

    @property
    def process_id(self) -> int | None:
        """The child's process id, while there is one."""
        return self._child.process.pid if self._child is not None else None

    def start(self) -> None:
        """Start the child and let it load, without waiting."""
        with self._turn:
            self._begin()

    def load(self) -> ModelInfo:
        """See `api.ChatModel`."""
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
                raise self._died(f"it sent nonsense ({error!r:.100})") from error

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
                        raise self._died(f"it sent nonsense ({error!r:.100})") from error
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
        number = self._generating
        if number is not None:
            with contextlib.suppress(EngineDied):
                self._write({"kind": "stop", "id": next(self._numbers), "request": number})

    def close(self) -> None:
        """See `api.ChatModel`."""
        child, self._child, self._info = self._child, None, None
        if child is not None:
            child.kill()

    def _begin(self) -> None:
        if self._child is not None and self._child.process.poll() is None:
            return
        self._info = None
        try:
            self._child = spawn(MODULE, [], log=self._log, env=ENVIRONMENT)
        except OSError as error:
            raise EngineDied(
                f"The engine cannot be started: {error}.", "Close other programs and try again."
            ) from error
        self.starts += 1
        self._replies = {}
        threading.Thread(target=self._read, args=(self._child, self._replies), name="engine", daemon=True).start()
        self._loading = self._send("load", name=self._name, path=str(self._path), options=asdict(self._options))

    def _ready(self) -> ModelInfo:
        self._begin()
        if self._info is None:
            number = self._loading
            assert number is not None
            try:
                self._info = unpack_info(self._wait(number)["info"])
            except NONSENSE as error:
                raise self._died(f"it sent nonsense ({error!r:.100})") from error
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
            raise EngineDied("The engine was ended.", "Ask again.")
        try:
            with self._writing:
                write_frame(child.stdin, frame)
        except (OSError, ValueError) as error:
            raise self._died(child.describe_exit()) from error

    def _read(self, child: Child, replies: dict[int, "queue.SimpleQueue[Frame | None]"]) -> None:
        while True:
            try:
                frame = read_frame(child.stdout)
            except (OSError, ValueError):
                frame = None
            if frame is None:
                for waiting in list(replies.values()):
                    waiting.put(None)
                return
            number = frame[0].get("id")
            answered = replies.get(number) if isinstance(number, int) else None
            if answered is not None:
                answered.put(frame[0])

    def _wait(self, number: int, *, keep: bool = False) -> Frame:
        replies = self._replies[number]
        while True:
            try:
                frame = replies.get(timeout=1.0)
                break
            except queue.Empty:
                # The reader cannot miss a death, except one before this queue was known to it.
                if self._child is None or self._child.process.poll() is not None:
                    frame = None if replies.empty() else replies.get()
                    break
        if not keep or frame is None or frame.get("kind") == "failed":
            self._replies.pop(number, None)
        if frame is None:
            raise self._died(self._child.describe_exit() if self._child else "it was ended")
        if frame.get("kind") == "failed":
            raise unpack_error(frame)
        return frame

    def _drain(self, number: int) -> None:
        """Stop an abandoned generation and wait for its end, so that the next request finds the child free."""
        with contextlib.suppress(Exception):
            self._write({"kind": "stop", "id": next(self._numbers), "request": number})
            while self._wait(number, keep=True).get("kind") != "generated":
                pass

    def _died(self, how: str) -> EngineDied:
        child = self._child
        lines = child.last_words() if child is not None else []
        words = [line for line in lines if WORDS.search(line)][-2:]
        self.close()
        said = f" It said last: {' / '.join(words)[:300]}." if words else ""
        return EngineDied(f"The process that holds the model ended: {how}.{said}", "Ask again: it is started anew.")
