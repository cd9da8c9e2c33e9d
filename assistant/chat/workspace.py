"""What a front end holds: the chats, what the plugins offer, and the one model that is running."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.api import (
    AdapterUse,
    ChatModel,
    KnowledgeSource,
    ModelSource,
    NotFound,
    Reply,
    Sampling,
    Turn,
    UsageError,
)
from assistant.chat.session import Session, Surroundings
from assistant.chat.store import ChatStore
from assistant.config import Settings
from assistant.registry import Registry, suggest

if TYPE_CHECKING:
    from assistant.engine import EngineOptions


class Workspace:
    """One running program. `answered` and `ended` let the plugins hear of replies and of the end."""

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        open_store: Callable[[], ChatStore],
        *,
        log: Path | None = None,
        answered: Callable[[Turn, Reply], None] = lambda *_: None,
        ended: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.registry = registry
        self.notices: list[str] = []
        self.notify: Callable[[str], None] = self.notices.append
        self.progress: Callable[[str], None] = lambda text: self.notify(text)
        self._open_store = open_store
        self._store: ChatStore | None = None
        self._log = log
        self._answered = answered
        self._ended = ended
        self._running: tuple[ModelSource, ChatModel] | None = None
        self._lock = threading.Lock()

    @property
    def store(self) -> ChatStore:
        """The chats; the database is opened at the first use."""
        with self._lock:
            if self._store is None:
                self._store = self._open_store()
            return self._store

    def open(
        self, chat: str | None = None, *, model: ModelSource | None = None, sampling: Sampling | None = None
    ) -> Session:
        """Open a chat by id, or begin a new one. Raises `NotFound`."""
        source = model
        if chat is not None:
            chat = self.store.chat(chat).id
            source = source or self._model_of(chat)
        knowledge = self.settings.knowledge
        program = Surroundings(
            self.store,
            self.sources,
            self.running,
            self._answered,
            lambda text: self.progress(text),
            knowledge.passages,
            knowledge.share,
        )
        return Session(
            program,
            source or self.default_model(),
            chat=chat,
            system=self.settings.chat.system,
            sampling=sampling or self.sampling(),
            collections=() if knowledge.enabled else None,
        )

    def sources(self) -> list[KnowledgeSource]:
        """All knowledge sources."""
        return [offer.value for offer in self.registry.knowledge.values()]

    def models(self) -> list[ModelSource]:
        """All models on offer."""
        return [offer.value for offer in self.registry.models.values()]

    def find_model(self, name: str) -> ModelSource:
        """The model of that name or path. Raises `NotFound`."""
        return self.registry.find_model(name)

    def default_model(self) -> ModelSource | None:
        """The model new chats start with; None when there is none."""
        return self.registry.default_model(self.settings.model.name)

    def find_adapters(self, wanted: Sequence[str]) -> tuple[AdapterUse, ...]:
        """Turn "NAME", "NAME=0.5" or paths into adapters with scales. Raises `NotFound`, `UsageError`."""
        if wanted:
            self.registry.refresh("adapters")
        return tuple(self._adapter(text) for text in wanted)

    def sampling(self) -> Sampling:
        """The sampling of the settings."""
        s = self.settings.sampling
        seed = None if s.seed < 0 else s.seed
        return Sampling(s.temperature, s.top_k, s.top_p, s.min_p, s.repeat_penalty, seed, s.max_tokens)

    def running(self, source: ModelSource) -> ChatModel:
        """The model, started if need be; another one that runs is ended first."""
        with self._lock:
            if self._running is not None and self._running[0] == source:
                return self._running[1]
            if self._running is not None:
                self._running[1].close()
            self._running = (source, self._make(source))
            return self._running[1]

    def close(self) -> None:
        """End the model and let the plugins close what they opened."""
        with self._lock:
            if self._running is not None:
                self._running[1].close()
                self._running = None
        self._ended()
        if self._store is not None:
            self._store.database.close()
            self._store = None

    def _make(self, source: ModelSource) -> ChatModel:
        if source.open is not None:
            return source.open()
        if source.path is None:
            raise NotFound(
                f"The model {source.name} has neither a file nor a way to open it.", "Tell its plugin's author."
            )
        from assistant.engine import Engine

        engine = Engine(source.name, source.path, self._options(), log=self._log)
        engine.start()
        return engine

    def _options(self) -> "EngineOptions":
        from assistant.engine import EngineOptions

        m = self.settings.model
        return EngineOptions(m.n_ctx, m.threads, m.gpu_layers, m.flash_attention, m.kv_type)

    def _model_of(self, chat: str) -> ModelSource | None:
        name = self.store.state(chat).get("model")
        try:
            return self.find_model(name) if name else None
        except NotFound:
            self.notify(f"The model {name} of this chat is gone; the default one answers.")
            return None

    def _adapter(self, text: str) -> AdapterUse:
        name, scale = text, 1.0
        if text not in self.registry.adapters and "=" in text:
            name, _, number = text.rpartition("=")
            try:
                scale = float(number)
            except ValueError:
                raise UsageError(f"{number!r} is no scale.", "Write an adapter as NAME=0.5.") from None
        if name in self.registry.adapters:
            return AdapterUse(name, self.registry.adapters[name].value.path, scale)
        path = Path(name).expanduser()
        if path.suffix == ".gguf" and path.is_file():
            return AdapterUse(path.stem, path.absolute(), scale)
        raise suggest("adapter", name, list(self.registry.adapters), "Add one with: assistant adapters add FILE")
