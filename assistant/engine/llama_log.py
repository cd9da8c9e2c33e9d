"""llama.cpp's log lines: kept for explanations, and written to stderr, which is the log file."""

import contextlib
import ctypes
import sys
from collections import deque
from typing import Any

ERROR, CONTINUED, WARNING = 4, 5, 3


class LlamaLog:
    """Keeps the last warnings and errors. llama_cpp's own callback prints warnings and hides errors."""

    def __init__(self, lc: Any) -> None:
        self.lines: deque[str] = deque(maxlen=40)
        self._level = 0
        self._callback = lc.llama_log_callback(self._take)
        lc.llama_log_set(self._callback, ctypes.c_void_p(0))

    def _take(self, level: int, text: bytes, data: Any) -> None:
        del data
        with contextlib.suppress(Exception):
            self._level = self._level if level == CONTINUED else level
            # A model's file speaks here too, and must not reach a terminal with escape codes.
            line = "".join(c if c.isprintable() else " " for c in text.decode("utf-8", "replace")).strip()
            if self._level in (WARNING, ERROR) and line and "cannot be used with preferred buffer" not in line:
                self.lines.append(line)
                print(line, file=sys.stderr, flush=True)  # noqa: T201 - the child's stderr is its log

    def explain(self) -> str:
        """The last errors as one line."""
        return " / ".join(list(self.lines)[-4:])[:600]
