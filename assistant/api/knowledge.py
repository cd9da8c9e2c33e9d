"""Documents, passages and the things that read and find them.

Offsets are half-open code-point offsets into `Document.text`: the decoded file (BOM dropped, line ends
kept) for text formats, the extracted text for binary ones. A chunk or passage satisfies
`quote == document.text[char_start:char_end]`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, table, list or code block: the smallest piece a chunk is made of.

    `text` is what a reader sees where that differs from the source slice (HTML without its tags).
    """

    start: int
    end: int
    headings: tuple[str, ...] = ()
    page: int | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file as text with places. `lines` says whether line numbers of `text` are line numbers of the file."""

    text: str
    blocks: tuple[Block, ...]
    title: str = ""
    lines: bool = True


@dataclass(frozen=True, slots=True)
class DocumentLoader:
    """Reads files with these suffixes. `load(data, path)` runs in a worker process with limits on time and
    memory, is found there by its import name (so it must be a module-level function) and raises
    `DocumentError(reason)` for a file it cannot read."""

    name: str
    suffixes: tuple[str, ...]
    load: Callable[[bytes, Path], Document]


@dataclass(frozen=True, slots=True)
class Passage:
    """A found piece of a document with its exact place. Lines and pages count from 1.

    `text` is what the model reads; `quote` is the source slice; `score` orders passages (higher is better);
    `scores` says how it came about, stage by stage.
    """

    ref: str
    collection: str
    path: str
    text: str
    quote: str
    char_start: int
    char_end: int
    page: int | None = None
    line_start: int | None = None
    line_end: int | None = None
    heading: str | None = None
    score: float = 0.0
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a search, for `--explain`: what was done, what came of it, how long it took."""

    name: str
    detail: str
    ms: float


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search: passages, best first, and how they were found."""

    passages: tuple[Passage, ...]
    steps: tuple[Step, ...] = ()


class KnowledgeSource(Protocol):
    """Something that can be searched. Calls may come from any thread."""

    @property
    def name(self) -> str: ...

    def collections(self) -> Sequence[str]:
        """The names a user may search in; empty when nothing was added."""

    def search(self, query: str, *, collections: Sequence[str] = (), k: int = 10) -> Found:
        """Find at most `k` passages; no collections means all. Raises `NotFound` for an unknown one."""

    def surroundings(self, ref: str, chars: int = 1200) -> tuple[str, str]:
        """The text before and after a passage, at most `chars` each; empty where there is none."""


class Embedder(Protocol):
    """Text to unit-length float32 vectors."""

    @property
    def name(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors would: weights, pooling, prefixes, precision."""

    def embed(self, texts: Sequence[str]) -> "NDArray[np.float32]":
        """Embed documents; shape (len(texts), dimensions)."""

    def embed_query(self, text: str) -> "NDArray[np.float32]":
        """Embed a question; shape (dimensions,)."""
