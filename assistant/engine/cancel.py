"""Stopping llama.cpp inside a decode.

llama.cpp polls an abort callback after every graph node, some 500 times a token; a Python function there
costs 16 %. `strlen` on a two-byte buffer answers 0 or 1 without Python's lock.
"""

import contextlib
import ctypes
import sys
from typing import Any


class Cancel:
    """A flag that ends the running decode. `set` may be called from any thread."""

    def __init__(self, lc: Any, context: Any) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self._callback: Any = None
        # Without such a function the flag still works between prefill batches and tokens.
        with contextlib.suppress(OSError, AttributeError, TypeError):
            library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
            self._callback = ctypes.cast(library.strlen, lc.ggml_abort_callback)
            lc.llama_set_abort_callback(context, self._callback, ctypes.cast(self._flag, ctypes.c_void_p))

    def set(self) -> None:
        self._flag[0] = b"\x01"

    def clear(self) -> None:
        self._flag[0] = b"\x00"

    def is_set(self) -> bool:
        return self._flag[0] != b"\x00"
