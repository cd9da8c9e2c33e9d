"""A model without weights that repeats the question: for trying the program, and for tests."""

import threading
import time
from collections.abc import Iterable, Iterator, Sequence

from assistant.api import (
    ChatModel,
    ContextFull,
    Evaluating,
    Generated,
    GenerationEvent,
    Message,
    ModelInfo,
    ModelSource,
    Request,
    StopReason,
    Text,
    Usage,
    hookimpl,
)

WINDOW = 8192


@hookimpl
def register_models() -> Iterable[ModelSource]:
    """Offer the echo model."""
    return [ModelSource("echo", open=EchoModel, description="repeats you; no model needed, for trying things out")]


class EchoModel:
    """Answers with the last user message, word by word. A token is a word."""

    def __init__(self, pause: float = 0.0) -> None:
        self._stopped = threading.Event()
        self._pause = pause
        self._seen: list[str] = []

    def load(self) -> ModelInfo:
        """See `api.ChatModel`."""
        return ModelInfo("echo", n_ctx=WINDOW, n_ctx_train=WINDOW, architecture="echo")

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """See `api.ChatModel`."""
        return sum(len(message.content.split()) + 1 for message in messages)

    def generate(self, request: Request) -> Iterator[GenerationEvent]:
        """See `api.ChatModel`."""
        self._stopped.clear()
        started = time.perf_counter()
        words = [word for message in request.messages for word in message.content.split()]
        if len(words) > WINDOW:
            raise ContextFull(f"The prompt has {len(words)} tokens; the echo model takes {WINDOW}.")
        cached = next((i for i, (a, b) in enumerate(zip(words, self._seen, strict=False)) if a != b), None)
        cached = min(len(words), len(self._seen)) if cached is None else cached
        self._seen = words
        yield Evaluating(len(words), len(words), cached)
        last = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
        pieces = last.split(" ")
        reason: StopReason = "end"
        produced = 0
        first = time.perf_counter()
        for index, piece in enumerate(pieces):
            if self._stopped.is_set():
                reason = "stopped"
                break
            if index >= request.sampling.max_tokens:
                reason = "length"
                break
            if self._pause:
                self._stopped.wait(self._pause)
            produced += 1
            yield Text(piece if index == 0 else " " + piece)
        end = time.perf_counter()
        usage = Usage(len(words), len(words) - cached, cached, produced)
        yield Generated(reason, usage, (first - started) * 1000, (first - started) * 1000, (end - first) * 1000)

    def stop(self) -> None:
        """See `api.ChatModel`."""
        self._stopped.set()

    def close(self) -> None:
        """See `api.ChatModel`."""


def _conforms(model: EchoModel) -> ChatModel:
    return model
