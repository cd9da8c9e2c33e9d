"""Foreign text made harmless for a terminal."""

import re
import unicodedata

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_].*?(?:\x07|\x1b\\|$)|[@-Z\\-_])", re.DOTALL)
_KEPT = {"\n", "\t"}
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def clean(text: str) -> str:
    """Take out what could move the cursor, write the clipboard or reorder text: escapes, controls, bidi overrides."""
    text = _ESCAPES.sub("", text)
    return "".join(c for c in text if c in _KEPT or (unicodedata.category(c) != "Cc" and c not in _BIDI))
