"""Starting a Python module as a child process that talks in frames.

The child is spawned, never forked; it lives in a session of its own, so that Ctrl+C in the terminal
reaches the program alone, and it learns of the parent's death by the end of its input.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = str(Path(__file__).resolve().parents[2])
LOG_BYTES = 1_000_000
"""A log longer than this is started anew."""

# Like `python -m MODULE`, but without the current folder on the path: a file json.py lying there must not be run.
_START = (
    "import sys; root = sys.argv.pop(1); root in sys.path or sys.path.append(root); "
    "import runpy; runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True, slots=True)
class Child:
    """A running child: its pipes, and what it left on stderr."""

    process: subprocess.Popen[bytes]
    stdin: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]
    stderr_start: int = 0

    def kill(self) -> None:
        """End the child now. `stdout` is left to its reader, who meets the end of the stream."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        for stream in (self.stdin, self.stderr):
            with contextlib.suppress(OSError):
                stream.close()

    def describe_exit(self) -> str:
        """Say how the child ended ("killed by SIGSEGV", "exit code 1"), waiting a moment for it."""
        try:
            code = self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return "it does not answer"
        if code < 0:
            try:
                return f"killed by {signal.Signals(-code).name}"
            except ValueError:
                return f"killed by signal {-code}"
        return f"exit code {code if code < 256 else hex(code)}"

    def last_words(self, lines: int = 20, limit: int = 65_536) -> list[str]:
        """The last lines that this child wrote to stderr."""
        try:
            end = self.stderr.seek(0, os.SEEK_END)
            self.stderr.seek(max(self.stderr_start, end - limit))
            text = self.stderr.read(limit).decode("utf-8", "replace")
        except (OSError, ValueError):
            return []
        return [line.rstrip() for line in text.splitlines() if line.strip()][-lines:]


def spawn(module: str, args: Sequence[str], *, log: Path | None, env: Mapping[str, str] | None = None) -> Child:
    """Start `python -m module args`; stderr is appended to `log`, or to a file that vanishes with the child.

    `env` is added to the environment. Raises `OSError` when no process can be started.
    """
    stderr = _open_log(log)
    start = stderr.seek(0, os.SEEK_END)
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _START, ROOT, module, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        bufsize=0,
        env={**os.environ, **(env or {})},
        start_new_session=os.name == "posix",
        creationflags=_windows_flags(),
    )
    if process.stdin is None or process.stdout is None:
        raise OSError("the child has no pipes")
    return Child(process, process.stdin, process.stdout, stderr, start)


def take_stdio() -> tuple[IO[bytes], IO[bytes]]:
    """In the child: move the frames to private descriptors, so that stray prints go to the log instead."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return source, sink


def _open_log(log: Path | None) -> IO[bytes]:
    if log is not None:
        with contextlib.suppress(OSError):
            log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            long = log.exists() and log.stat().st_size > LOG_BYTES
            return log.open("w+b" if long else "a+b")
    import tempfile

    return tempfile.TemporaryFile()


def _windows_flags() -> int:
    names = ("CREATE_NEW_PROCESS_GROUP", "CREATE_NO_WINDOW")
    return sum(int(getattr(subprocess, name, 0)) for name in names)
