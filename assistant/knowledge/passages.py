"""Found passages as the model reads them: numbered, fenced as data, without invisible characters."""

import re
import unicodedata
from collections.abc import Sequence

from assistant.api.knowledge import Passage

_FENCE = '"""'
_BLANK_LINES = re.compile(r"\n{3,}")


def format_passages(passages: Sequence[Passage]) -> str:
    """Number the passages from 1 and fence each, so that a document's text cannot pass for the user's words."""
    return "\n\n".join(
        f"[{number}]\n{_FENCE}\n{visible(passage.text).replace(_FENCE, chr(39) * 3)}\n{_FENCE}"
        for number, passage in enumerate(passages, start=1)
    )


def grounded_question(question: str, passages: Sequence[Passage]) -> str:
    """The user message that asks for an answer from the passages; the question alone where there are none.

    The wording is short and puts the question last, because the smallest models follow what they read last.
    """
    if not passages:
        return question
    return f"Answer from these passages:\n\n{format_passages(passages)}\n\nQuestion: {question}"


def visible(text: str) -> str:
    """The text without control, zero-width and bidirectional characters, which hide words from the reader."""
    lines = "\n".join(text.splitlines())
    kept = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co"})
    return _BLANK_LINES.sub("\n\n", kept).strip()
