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

        return search(self._library.store, self._library.embedder, query, collections, k)

    def surroundings(self, ref: str, chars: int = 1200) -> tuple[str, str]:
        """See `api.KnowledgeSource`."""
        if not self._library.exists:
            return "", ""
        store = self._library.store
        place = store.place(ref)
        if place is None:
            return "", ""
        text = store.text(place.file)
        return text[max(0, place.char_start - chars) : place.char_start], text[place.char_end : place.char_end + chars]
