"""The documents as a knowledge source (implements `api.KnowledgeSource`)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assistant.api import Found, NotFound

if TYPE_CHECKING:
    from .library import Library


class DocumentSource:
    """Searches knowledge.db."""

    name = "rag"

    def __init__(self, library: "Library") -> None:
        self._library = library

    def collections(self) -> Sequence[str]:
        """See `api.KnowledgeSource`."""
        return self._library.store.collections() if self._library.exists else []

    def search(self, query: str, *, collections: Sequence[str] = (), k: int = 10) -> Found:
        """See `api.KnowledgeSource`."""
        if not self._library.exists:
            if collections:
                raise NotFound(
                    f"There is no collection named {collections[0]!r}.", "Add one with: assistant kb add PATH"
                )
            return Found(())
        from .retrieve import search

        return search(self._library.store, self._library.embedder.embed_query, query, collections, k)

    def surroundings(self, ref: str, chars: int = 1200) -> tuple[str, str]:
        """See `api.KnowledgeSource`."""
        number = ref.removeprefix("kb:")
        if not number.isdigit() or not self._library.exists:
            return "", ""
        store = self._library.store
        row = store.places([int(number)]).get(int(number))
        if row is None:
            return "", ""
        text, start, end = store.text(row[10]), row[4], row[5]
        return text[max(0, start - chars) : start], text[end : end + chars]
