"""One answer: from the prompt to the stored reply, whatever ends it."""

import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import asdict, dataclass

from assistant.api import (
    AssistantError,
    ChatModel,
    Citation,
    EngineDied,
    Generated,
    GenerationEvent,
    Reply,
    Request,
    Text,
    Turn,
    Usage,
)
from assistant.chat.answer_writer import AnswerWriter
from assistant.chat.events import Event, Restarted
from assistant.chat.records import Details, Status
from assistant.chat.store import ChatStore
from assistant.knowledge.citations import cite


@dataclass(frozen=True, slots=True)
class Answering:
    """What an answer needs to know of its turn. `started` is a `perf_counter` reading, `retrieve_ms` milliseconds."""

    store: ChatStore
    turn: Turn
    asked: int
    model_name: str
    started: float
    retrieve_ms: float

    def events(self, model: ChatModel, request: Request, stopping: Callable[[], bool]) -> Generator[Event, None, Reply]:
        """Stream the answer and return the stored reply. Raises `AssistantError` after storing what there was."""
        message = self.store.add_message(self.turn.chat, "assistant", "", status="partial", parent=self.asked)
        writer = AnswerWriter(self.store, message)
        end: Generated | None = None
        error = ""
        first_ms = 0.0
        try:
            for event in _generate(model, request, writer, stopping):
                if isinstance(event, Generated):
                    end = event
                    continue
                if isinstance(event, Text):
                    first_ms = first_ms or (time.perf_counter() - self.started) * 1000
                    writer.add(event.text)
                yield event
        except AssistantError as fault:
            error = fault.message
            raise
        finally:
            reply = self._store(writer, message, request, end, error, first_ms)
        return reply

    def _store(
        self, writer: AnswerWriter, message: int, request: Request, end: Generated | None, error: str, first_ms: float
    ) -> Reply:
        text = writer.text
        citations: tuple[Citation, ...] = ()
        if text and self.turn.passages:
            text, citations = cite(text, self.turn.passages, self.turn.question)
        status: Status = "complete" if end is not None and end.stop_reason != "stopped" else "partial"
        if error and not writer.text:
            status = "failed"
        details = Details(
            model=self.model_name,
            adapters=request.adapters,
            sampling=asdict(request.sampling),
            passages=self.turn.passages,
            citations=citations,
            usage=end.usage if end is not None else Usage(),
            timings_ms={
                "retrieve": self.retrieve_ms,
                "prompt": end.prompt_ms if end is not None else 0.0,
                "first_token": first_ms,
                "generate": end.generate_ms if end is not None else 0.0,
                "total": (time.perf_counter() - self.started) * 1000,
            },
            stop_reason=end.stop_reason if end is not None else "failed" if error else "stopped",
            error=error,
        )
        writer.finish(text, status, details)
        return Reply(
            self.turn.chat,
            message,
            text,
            self.model_name,
            details.stop_reason,
            citations,
            request.adapters,
            details.usage,
            details.timings_ms,
        )


def _generate(
    model: ChatModel, request: Request, writer: AnswerWriter, stopping: Callable[[], bool]
) -> Iterator[GenerationEvent | Restarted]:
    """Generate; an engine that dies before the first word is restarted and asked again, once."""
    if stopping():
        return
    try:
        yield from model.generate(request)
    except EngineDied as death:
        if writer.text or stopping():
            raise
        yield Restarted(death.message)
        model.load()
        yield from model.generate(request)
