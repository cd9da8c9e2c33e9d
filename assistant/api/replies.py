"""A question that was asked and the answer it got, as hooks see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.api.generation import AdapterUse, Usage
from assistant.api.knowledge import Passage


@dataclass(frozen=True, slots=True)
class Turn:
    """A user's question in a chat, with what was looked up for it."""

    chat: str
    question: str
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """The number `[n]` in an answer, and the place it stands for (narrowed to the sentences that support it)."""

    n: int
    passage: Passage


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it was stored. `timings_ms` has retrieve, prompt, first_token, generate and total."""

    chat: str
    message: int
    text: str
    model: str
    stop_reason: str
    citations: tuple[Citation, ...] = ()
    adapters: tuple[AdapterUse, ...] = ()
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def tokens_per_second(self) -> float:
        """Answer tokens per second of decoding; 0 when nothing was decoded."""
        seconds = self.timings_ms.get("generate", 0.0) / 1000
        return self.usage.completion_tokens / seconds if seconds > 0 else 0.0
