"""The assistant as one plugin sees it (implements `api.Host`)."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from assistant.api import (
    Adapter,
    AdapterError,
    AdapterFacts,
    Database,
    DocumentLoader,
    Embedder,
    ModelSource,
    Worker,
)
from assistant.config import Settings
from assistant.namespace import installed
from assistant.paths import Folders, make_folder
from assistant.registry import Registry


class PluginHost:
    """What a plugin may ask of the program; one for each plugin."""

    def __init__(
        self,
        plugin: str,
        settings: Settings,
        folders: Folders,
        registry: Registry,
        notify: Callable[[str], None],
    ) -> None:
        self._plugin = plugin
        self._settings = settings
        self._folders = folders
        self._registry = registry
        self._notify = notify

    @property
    def settings(self) -> Mapping[str, Any]:
        return MappingProxyType(dict(self._settings.plugin.get(self._plugin, {})))

    @property
    def data_folder(self) -> Path:
        return make_folder(self._folders.data)

    @property
    def cache_folder(self) -> Path:
        return make_folder(self._folders.cache)

    def notify(self, text: str) -> None:
        self._notify(text)

    def open_database(self, name: str, migrations: Sequence[str]) -> Database:
        from assistant.storage import open_database

        return open_database(self._folders.data / f"{name}.db", migrations, vectors=True)

    def worker(
        self, function: Callable[..., Any], *, seconds: float, megabytes: int, output_megabytes: int = 64
    ) -> Worker:
        from assistant.processes.pool import TaskWorker

        return TaskWorker(
            function,
            seconds=seconds,
            megabytes=megabytes,
            output_megabytes=output_megabytes,
            plugins=installed(),
            log=self._folders.log / "worker.log",
        )

    def loaders(self) -> Sequence[DocumentLoader]:
        return [offer.value for offer in self._registry.loaders.values()]

    def embedders(self) -> Sequence[Embedder]:
        return [offer.value for offer in self._registry.embedders.values()]

    def adapters(self) -> Sequence[Adapter]:
        self._registry.refresh("adapters")
        return [offer.value for offer in self._registry.adapters.values()]

    def models(self) -> Sequence[ModelSource]:
        return [offer.value for offer in self._registry.models.values()]

    def default_model(self) -> ModelSource | None:
        return self._registry.default_model(self._settings.model.name)

    def check_adapter(self, path: Path, model: ModelSource) -> AdapterFacts:
        from assistant.engine import check_adapter, check_model

        if model.path is None:
            raise AdapterError(
                f"The model {model.name} is no GGUF file: no adapter can be laid over it.",
                "Choose another model with: assistant models use NAME",
            )
        return check_adapter(path, check_model(model.path))
