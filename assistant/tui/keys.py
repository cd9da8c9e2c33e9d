"""Keys that Textual does not tell apart by itself.

Alt+Enter reaches a program as Escape, Return from terminals without an extended keyboard protocol, and Textual drops
the Escape: a new line would be sent as a question.
"""

from enum import Enum


class Extra(Enum):
    """Names for what Textual has no name for."""

    ALT_ENTER = "alt+enter"


NEW_LINE = frozenset({"shift+enter", "ctrl+j", "alt+enter", "ctrl+enter", "shift+\r", "ctrl+\r", "\r"})
"""Everything that makes a new line. The ones with \\r come from xterm's modifyOtherKeys, which tmux speaks too."""


def tell_apart() -> None:
    """Teach Textual's parser Alt+Enter."""
    from textual import _ansi_sequences

    table = _ansi_sequences.ANSI_SEQUENCES_KEYS
    if isinstance(table, dict):
        table["\x1b\r"] = (Extra.ALT_ENTER,)
