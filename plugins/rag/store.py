"""knowledge.db: files, chunks, words and vectors. Every change of a file is one transaction."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from assistant.api import Host, NotFound
from assistant.knowledge.chunks import Chunk

from .schema import MIGRATIONS


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file as it was last seen. `mtime` is in nanoseconds."""

    id: int
    collection: str
    path: str
    hash: str
    size: int
    mtime: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Place:
    """A chunk with what leads back to its file."""

    chunk: int
    collection: str
    path: str
    text: str
    char_start: int
    char_end: int
    page: int | None
    line_start: int | None
    line_end: int | None
    heading: str
    file: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file holds."""

    text: str
    title: str
    lines: bool
    chunks: tuple[Chunk, ...]


class Store:
    """Reads and writes knowledge.db."""

    def __init__(self, host: Host) -> None:
        self.database = host.open_database("knowledge", MIGRATIONS)

    def collections(self) -> list[str]:
        """Names of the collections."""
        return [row[0] for row in self.database.execute("SELECT name FROM collections ORDER BY name")]

    def collection(self, name: str, *, make: bool = False) -> int:
        """The id of a collection. Raises `NotFound`."""
        if make:
            self.database.execute("INSERT OR IGNORE INTO collections (name) VALUES (?)", (name,))
        rows = self.database.execute("SELECT id FROM collections WHERE name = ?", (name,))
        if not rows:
            known = self.collections()
            close = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(known)}."
            hint = hint if known else "Add one with: assistant kb add PATH"
            raise NotFound(f"There is no collection named {name!r}.", hint)
        return int(rows[0][0])

    def add_root(self, collection: int, path: str) -> None:
        """Remember what was added, for the next sync."""
        self.database.execute("INSERT OR IGNORE INTO roots (collection, path) VALUES (?, ?)", (collection, path))

    def roots(self) -> list[tuple[str, str]]:
        """(collection, path) of all that was added."""
        rows = self.database.execute("SELECT k.name, r.path FROM roots r JOIN collections k ON k.id = r.collection")
        return [(name, path) for name, path in rows]

    def files(self, collection: int | None = None, root: str | None = None) -> list[FileRow]:
        """Files, all or of one collection, or of one root in it."""
        rows = self.database.execute(
            "SELECT f.id, k.name, f.path, f.hash, f.size, f.mtime, f.state, f.reason FROM files f "
            "JOIN collections k ON k.id = f.collection WHERE (?1 IS NULL OR f.collection = ?1) "
            "AND (?2 IS NULL OR f.root = ?2) ORDER BY f.path",
            (collection, root),
        )
        return [FileRow(*row) for row in rows]

    def put(
        self, collection: int, root: str, path: str, digest: str, size: int, mtime: int, parsed: Parsed | str
    ) -> None:
        """Replace a file by what was read, or note why it could not be (a string); all or nothing."""
        failed = isinstance(parsed, str)
        with self.database.transaction():
            self.database.execute(
                "INSERT INTO files (collection, path, root, state) VALUES (?, ?, ?, 'failed') "
                "ON CONFLICT (collection, path) DO NOTHING",
                (collection, path, root),
            )
            rows = self.database.execute("SELECT id FROM files WHERE collection = ? AND path = ?", (collection, path))
            number = int(rows[0][0])
            kept = {} if failed else self._kept_vectors(number, digest)
            self.database.execute("DELETE FROM chunks WHERE file = ?", (number,))
            self.database.execute(
                "UPDATE files SET root = ?, hash = ?, size = ?, mtime = ?, state = ?, reason = ?, title = ?, "
                "lines = ?, text = ? WHERE id = ?",
                (
                    root, digest, size, mtime,
                    "failed" if isinstance(parsed, str) else "indexed",
                    parsed if isinstance(parsed, str) else "",
                    "" if isinstance(parsed, str) else parsed.title,
                    int(isinstance(parsed, str) or parsed.lines),
                    None if isinstance(parsed, str) else zlib.compress(parsed.text.encode("utf-8", "surrogatepass")),
                    number,
                ),
            )  # fmt: skip
            if not isinstance(parsed, str):
                self._add_chunks(collection, number, parsed.chunks, kept)

    def touch(self, number: int, path: str, root: str, mtime: int) -> None:
        """The content is the same, the place or time is new."""
        self.database.execute(
            "UPDATE files SET path = ?, root = ?, mtime = ? WHERE id = ?", (path, root, mtime, number)
        )

    def remove_files(self, numbers: Sequence[int]) -> None:
        """Take files out, with their chunks, words and vectors."""
        with self.database.transaction():
            self.database.executemany("DELETE FROM chunks WHERE file = ?", [(n,) for n in numbers])
            self.database.executemany("DELETE FROM files WHERE id = ?", [(n,) for n in numbers])

    def remove_empty(self) -> None:
        """Take out roots and collections in which nothing is left."""
        self.database.execute(
            "DELETE FROM roots WHERE NOT EXISTS (SELECT 1 FROM files f WHERE f.collection = roots.collection "
            "AND (f.path = roots.path OR f.root = roots.path));"
            "DELETE FROM collections WHERE id NOT IN (SELECT collection FROM files);"
        )

    def compact(self) -> None:
        """Give the space of what was removed back, so that none of it stays in the file."""
        self.database.execute("VACUUM")
        self.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def has_vectors(self) -> bool:
        """Whether anything can be found by meaning."""
        return bool(self.database.execute("SELECT 1 FROM vectors LIMIT 1"))

    def vectors(self, chunks: Sequence[int], fingerprint: str) -> list[tuple[int, bytes]]:
        """(chunk, float32 vector) of those chunks that this embedder has seen."""
        marks = ",".join("?" * len(chunks))
        rows = self.database.execute(
            f"SELECT chunk, vector FROM vectors WHERE chunk IN ({marks}) AND fingerprint = ?", (*chunks, fingerprint)
        )
        return [(number, vector) for number, vector in rows]

    def without_vectors(self, fingerprint: str, limit: int) -> list[tuple[int, int, str]]:
        """(chunk, collection, text with its heading) of chunks that this embedder has not seen."""
        rows = self.database.execute(
            "SELECT c.id, c.collection, c.heading, c.text FROM chunks c LEFT JOIN vectors v ON v.chunk = c.id "
            "WHERE v.fingerprint IS NOT ? ORDER BY c.id LIMIT ?",
            (fingerprint, limit),
        )
        return [(n, collection, f"{heading}\n{text}" if heading else text) for n, collection, heading, text in rows]

    def put_vectors(self, rows: Sequence[tuple[int, int, bytes]], fingerprint: str) -> None:
        """Store (chunk, collection, float32 vector)."""
        with self.database.transaction():
            for chunk, collection, vector in rows:
                if not self.database.execute("SELECT 1 FROM chunks WHERE id = ?", (chunk,)):
                    continue
                self.database.execute("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)", (chunk, fingerprint, vector))
                self.database.execute("DELETE FROM near WHERE rowid = ?", (chunk,))
                self.database.execute(
                    "INSERT INTO near (rowid, vector, collection) VALUES (?, ?, ?)", (chunk, vector, collection)
                )

    def places(self, chunks: Sequence[int]) -> dict[int, Place]:
        """Where chunks lie; those that are gone are left out."""
        marks = ",".join("?" * len(chunks))
        rows = self.database.execute(
            "SELECT c.id, k.name, f.path, c.text, c.char_start, c.char_end, c.page, c.line_start, c.line_end, "
            "c.heading, c.file FROM chunks c JOIN files f ON f.id = c.file JOIN collections k ON k.id = c.collection "
            f"WHERE c.id IN ({marks})",
            chunks,
        )
        return {row[0]: Place(*row) for row in rows}

    def place(self, ref: str) -> Place | None:
        """Where the chunk behind a REF ("kb:12") lies, if there is one."""
        digits = ref.removeprefix("kb:")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
            return None
        return self.places([int(digits)]).get(int(digits))

    def text(self, number: int) -> str:
        """The whole text of a file, as offsets count it."""
        rows = self.database.execute("SELECT text FROM files WHERE id = ?", (number,))
        return zlib.decompress(rows[0][0]).decode("utf-8", "surrogatepass") if rows and rows[0][0] else ""

    def counts(self) -> list[tuple[str, int, int, int, int]]:
        """(collection, indexed files, failed files, chunks, chunks with vectors)."""
        rows = self.database.execute(
            "SELECT k.name, (SELECT count(*) FROM files f WHERE f.collection = k.id AND state = 'indexed'), "
            "(SELECT count(*) FROM files f WHERE f.collection = k.id AND state = 'failed'), "
            "(SELECT count(*) FROM chunks c WHERE c.collection = k.id), "
            "(SELECT count(*) FROM chunks c JOIN vectors v ON v.chunk = c.id WHERE c.collection = k.id) "
            "FROM collections k ORDER BY k.name"
        )
        return [(name, indexed, failed, chunks, embedded) for name, indexed, failed, chunks, embedded in rows]

    def _kept_vectors(self, number: int, digest: str) -> dict[tuple[str, str], tuple[str, bytes]]:
        """What need not be embedded again: by heading and text, from this file and from one copy of it elsewhere."""
        rows = self.database.execute(
            "SELECT c.heading, c.text, v.fingerprint, v.vector FROM chunks c JOIN vectors v ON v.chunk = c.id "
            "WHERE c.file = ? OR c.file = (SELECT max(id) FROM files WHERE hash = ? AND id != ? AND state = 'indexed')",
            (number, digest, number),
        )
        return {(heading, text): (fingerprint, vector) for heading, text, fingerprint, vector in rows}

    def _add_chunks(
        self, collection: int, number: int, chunks: Sequence[Chunk], kept: dict[tuple[str, str], tuple[str, bytes]]
    ) -> None:
        for chunk in chunks:
            heading = chunk.heading or ""
            self.database.execute(
                "INSERT INTO chunks (file, collection, char_start, char_end, page, line_start, line_end, heading, "
                "text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    number, collection, chunk.char_start, chunk.char_end, chunk.page, chunk.line_start, chunk.line_end,
                    heading, chunk.text,
                ),
            )  # fmt: skip
            if (heading, chunk.text) in kept:
                row = int(self.database.execute("SELECT max(id) FROM chunks")[0][0])
                fingerprint, vector = kept[heading, chunk.text]
                self.put_vectors([(row, collection, vector)], fingerprint)
