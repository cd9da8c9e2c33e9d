"""The parts of the plugin for one host, each made at its first use."""

import threading
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from assistant.api import Host

from .embedder import SentenceEmbedder
from .source import DocumentSource

if TYPE_CHECKING:
    from .store import Store

_libraries: "WeakKeyDictionary[Host, Library]" = WeakKeyDictionary()


class Library:
    """The documents of one program."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.embedder = SentenceEmbedder(host)
        self.source = DocumentSource(self)
        self._store: Store | None = None
        self._lock = threading.Lock()

    @property
    def exists(self) -> bool:
        """Whether anything was ever added; a search must not make an empty database."""
        return self._store is not None or (self.host.data_folder / "knowledge.db").is_file()

    @property
    def store(self) -> "Store":
        """The database, opened or made."""
        with self._lock:
            if self._store is None:
                from .store import Store

                self._store = Store(self.host)
            return self._store

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            if self._store is not None:
                self._store.database.close()
                self._store = None


def library(host: Host) -> Library:
    """The one library of a host."""
    if host not in _libraries:
        _libraries[host] = Library(host)
    return _libraries[host]
