"""A child that runs one function again and again, within limits (implements `api.Worker`).

Untrusted files are parsed here: a file that hangs, crashes the parser or asks for all memory costs the user
one failed file. The child starts with the first call and is replaced after a failure.
"""

import contextlib
import json
import queue
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import assistant.errors as errors
from assistant.errors import AssistantError, WorkerFailed
from assistant.processes.child import Child, spawn
from assistant.processes.frames import read_frame, write_frame

MODULE = "assistant.processes.task"


class TaskWorker:
    """Runs `function(value, data)`, a module-level function, in a child process."""

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        seconds: float,
        megabytes: int,
        output_megabytes: int = 64,
        plugins: Mapping[str, Path] | None = None,
        log: Path | None = None,
    ) -> None:
        self._address = f"{function.__module__}:{function.__qualname__}"
        self._seconds = seconds
        self._setup = {
            "function": self._address,
            "megabytes": megabytes,
            "output_bytes": output_megabytes * 1_000_000,
            "plugins": {name: str(path) for name, path in (plugins or {}).items()},
            "path": [entry for entry in sys.path if entry],
        }
        self._log = log
        self._child: Child | None = None
        self._replies: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()

    def call(self, value: Any, *, data: bytes = b"") -> Any:
        """Run the function in the child; see `api.Worker.call`."""
        with self._lock:
            child = self._child or self._start()
            try:
                write_frame(child.stdin, {"value": value}, data)
                reply = self._replies.get(timeout=self._seconds)
            except queue.Empty:
                self._drop()
                raise WorkerFailed(f"took longer than {self._seconds:g} seconds") from None
            except OSError:
                reply = None
            except BaseException:
                self._drop()
                raise
            if reply is None:
                reason = child.describe_exit()
                self._drop()
                raise WorkerFailed(f"the worker process ended: {reason}")
        header, _ = reply
        if "error" in header:
            raise _error(header["error"])
        return header.get("result")

    def close(self) -> None:
        """End the child."""
        with self._lock:
            self._drop()

    def _start(self) -> Child:
        child = spawn(MODULE, [json.dumps(self._setup)], log=self._log)
        replies: queue.SimpleQueue[tuple[dict[str, Any], bytes] | None] = queue.SimpleQueue()

        def read() -> None:
            frame = None
            while True:
                try:
                    frame = read_frame(child.stdout)
                except (OSError, ValueError):
                    frame = None
                replies.put(frame)
                if frame is None:
                    return

        threading.Thread(target=read, name="worker-replies", daemon=True).start()
        self._child, self._replies = child, replies
        return child

    def _drop(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            with contextlib.suppress(OSError):
                child.kill()


def _error(fault: Mapping[str, str]) -> AssistantError:
    kind = getattr(errors, fault.get("kind", ""), None)
    message, hint = fault.get("message", ""), fault.get("hint", "")
    if isinstance(kind, type) and issubclass(kind, AssistantError):
        return kind(message, hint)
    return WorkerFailed(message, hint)
