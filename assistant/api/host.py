"""What a plugin may ask of the program."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from assistant.api.adapters import Adapter, AdapterFacts
from assistant.api.generation import ModelSource
from assistant.api.knowledge import DocumentLoader, Embedder

Row = tuple[Any, ...]


class Database(Protocol):
    """One SQLite file with sqlite-vec loaded: WAL, one writer at a time, safe to use from any thread."""

    @property
    def path(self) -> Path: ...

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Run one or several statements and return the rows. Raises `StorageError`."""

    def executemany(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each set of values."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; nests."""

    def iterate(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Rows one by one, for results too large for a list."""

    def close(self) -> None: ...


class Worker(Protocol):
    """A child process that runs one function again and again, within limits."""

    def call(self, value: Any, *, data: bytes = b"") -> Any:
        """Send a JSON value (and bytes) to the function and return its JSON result.

        Raises `WorkerFailed` when the child crashes or breaks a limit (the next call has a fresh child), and
        the function's own `AssistantError` again here.
        """

    def close(self) -> None: ...


class Host(Protocol):
    """The program as one plugin sees it."""

    @property
    def settings(self) -> Mapping[str, Any]:
        """The plugin's own table `[plugin.NAME]` in config.toml."""

    @property
    def data_folder(self) -> Path:
        """The program's data folder; use a folder or file named after the plugin in it."""

    @property
    def cache_folder(self) -> Path:
        """For what can be made again; the user may delete it at any time."""

    def notify(self, text: str) -> None:
        """Tell the user one line (stderr in the shell, a note in the chat)."""

    def open_database(self, name: str, migrations: Sequence[str]) -> Database:
        """Open `data/NAME.db`; migration i takes it from version i to i+1. Raises `StorageError`."""

    def worker(
        self, function: Callable[..., Any], *, seconds: float, megabytes: int, output_megabytes: int = 64
    ) -> Worker:
        """A child that runs `function(value, data) -> JSON value`, a module-level function of the plugin."""

    def loaders(self) -> Sequence[DocumentLoader]:
        """All loaders that plugins offer."""

    def embedders(self) -> Sequence[Embedder]:
        """All embedders that plugins offer."""

    def adapters(self) -> Sequence[Adapter]:
        """All adapters that plugins offer."""

    def models(self) -> Sequence[ModelSource]:
        """All models on offer."""

    def default_model(self) -> ModelSource | None:
        """The model a chat starts with, if there is one."""

    def check_adapter(self, path: Path, model: ModelSource) -> AdapterFacts:
        """Read a GGUF LoRA and make sure that llama.cpp can lay it over the model. Raises `AdapterError`."""
