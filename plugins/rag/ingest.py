"""Taking files in: walk, hash, parse in a worker, store file by file, then embed what has no vector yet.

A file is searchable by words as soon as it is stored. Whatever ends a run, finished files stay, and the next
run goes on: nothing is stored twice, since a file's row is replaced in one transaction.
"""

import hashlib
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.api import AssistantError, DocumentLoader, KnowledgeError, MissingPackage, UsageError, WorkerFailed
from assistant.knowledge.chunks import Chunk

from .folders import absolute, below, gone, reason, walk
from .library import Library
from .parse import parse
from .store import FileRow, Parsed

SECONDS = 60
MEGABYTES = 1500
LARGEST = 200_000_000
EMBED_BATCH = 64

Progress = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What became of the files."""

    collection: str = ""
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    skipped: int = 0
    chunks: int = 0
    """Passages that the collections hold now."""
    embedded: int = 0
    """Passages that were given their vector in this run."""
    failed: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def fail(self, path: str, why: str) -> None:
        """Note a file that could not be taken in."""
        self.failed.append({"path": path, "reason": why})


@dataclass(frozen=True, slots=True)
class Root:
    """What is being taken in: where, into which collection, and what was known below it before."""

    path: Path
    collection: int
    known: dict[str, FileRow]
    missing: dict[str, FileRow]
    """Known files that are gone: what is left of them when the walk ends is taken out."""


class Ingest:
    """One run of adding or syncing."""

    def __init__(self, library: Library, progress: Progress) -> None:
        self._library = library
        self._store = library.store
        self._progress = progress
        self._loaders = {suffix: loader for loader in library.host.loaders() for suffix in loader.suffixes}
        self._worker = library.host.worker(parse, seconds=SECONDS, megabytes=MEGABYTES)

    def add(self, paths: Sequence[Path], collection: str) -> Report:
        """Take files and folders into a collection."""
        if not collection.strip() or not collection.isprintable() or len(collection) > 100:
            raise UsageError(f"{collection!r} is no name for a collection.", "Choose one like: --name notes")
        report = Report(collection)
        try:
            for path in dict.fromkeys(absolute(path) for path in paths):
                if gone(path):
                    report.fail(str(path), "there is no such file or folder")
                else:
                    self._take(path, collection, report)
        finally:
            self._worker.close()
        return self._finish(report)

    def sync(self) -> Report:
        """Look again at all that was ever added: new, edited, renamed and deleted files."""
        report = Report()
        try:
            for collection, root in self._store.roots():
                self._take(Path(root), collection, report)
        finally:
            self._worker.close()
        return self._finish(report)

    def _take(self, path: Path, collection: str, report: Report) -> None:
        if not _writable(str(path)):
            report.fail(str(path), "its name is no valid text")
            return
        try:
            folder = path.is_dir()
        except OSError as error:
            report.fail(str(path), reason(error))
            return
        if not folder and not gone(path) and self._loader(path) is None:
            report.fail(str(path), f"files of type {path.suffix or '(none)'} are not supported")
            return
        number = self._store.collection(collection, make=True)
        self._store.add_root(number, str(path))
        known = {row.path: row for row in self._store.files(number) if below(row.path, path)}
        root = Root(path, number, known, {place: row for place, row in known.items() if gone(place)})
        for seen, file in enumerate([] if gone(path) else walk(path, report.fail), start=1):
            self._progress(f"{seen} files  {file.name}")
            loader = self._loader(file)
            if loader is None:
                report.skipped += 1
            elif not _writable(str(file)):
                report.fail(str(file), "its name is no valid text")
            else:
                self._file(file, root, loader, report)
        if root.missing:
            self._store.remove_files([row.id for row in root.missing.values()])
            report.removed += len(root.missing)

    def _loader(self, path: Path) -> DocumentLoader | None:
        return self._loaders.get(path.suffix.lower())

    def _file(self, path: Path, root: Root, loader: DocumentLoader, report: Report) -> None:
        known = root.known.get(str(path))
        try:
            facts = path.stat()
            if known is not None and (known.size, known.mtime) == (facts.st_size, facts.st_mtime_ns):
                self._same(known, report)
                return
            data = _read(path, facts.st_mode, facts.st_size)
        except (OSError, KnowledgeError) as error:
            why = reason(error) if isinstance(error, OSError) else error.message
            report.fail(str(path), why)
            # What was read of it before stays: it is still the last that is known of the file.
            if known is None or known.state == "failed":
                self._store.put(root.collection, str(root.path), str(path), "", 0, 0, why)
            return
        digest = hashlib.blake2b(data, digest_size=20).hexdigest()
        same = known if known is not None and known.hash == digest else None
        if known is None:
            same = next((r for r in root.missing.values() if r.hash == digest and _suffix(r.path) == path.suffix), None)
        if same is not None:
            root.missing.pop(same.path, None)
            self._store.touch(same.id, str(path), str(root.path), facts.st_mtime_ns)
            self._same(same, report, str(path))
            return
        parsed, final = self._parse(path, loader, data)
        size, mtime = (facts.st_size, facts.st_mtime_ns) if final else (0, 0)
        self._store.put(
            root.collection, str(root.path), str(path), digest if final else "", size, mtime, parsed
        )  # fmt: skip
        if isinstance(parsed, str):
            report.fail(str(path), parsed)
        elif known is None:
            report.added += 1
        else:
            report.updated += 1

    def _same(self, row: FileRow, report: Report, path: str = "") -> None:
        if row.state == "failed":
            report.fail(path or row.path, row.reason)
        else:
            report.unchanged += 1

    def _parse(self, path: Path, loader: DocumentLoader, data: bytes) -> tuple[Parsed | str, bool]:
        """What the file holds or why it cannot be read, and whether reading it again would say the same."""
        address = f"{loader.load.__module__}:{loader.load.__qualname__}"
        try:
            value: dict[str, Any] = self._worker.call({"loader": address, "path": str(path)}, data=data)
        except MissingPackage as error:
            return str(error), False
        except WorkerFailed as error:
            return f"the reader failed: {error.message}", True
        except AssistantError as error:
            return error.message, True
        if not value["chunks"]:
            return "holds no text", True
        chunks = tuple(Chunk(**piece) for piece in value["chunks"])
        return Parsed(value["text"], value["title"], value["lines"], chunks), True

    def _finish(self, report: Report) -> Report:
        try:
            report.embedded = embed_missing(self._library, self._progress)
        except (KnowledgeError, MissingPackage, WorkerFailed) as error:
            report.notes.append(f"{error.message} {error.hint}".strip())
        counts = self._store.counts()
        report.chunks = sum(row[3] for row in counts if report.collection in ("", row[0]))
        return report


def _read(path: Path, mode: int, size: int) -> bytes:
    if not stat.S_ISREG(mode):
        raise KnowledgeError("is no regular file")
    if size > LARGEST:
        raise KnowledgeError(f"is larger than {LARGEST // 1_000_000} MB")
    return path.read_bytes()


def _writable(name: str) -> bool:
    """Whether a name can be stored: bytes that are no UTF-8 reach Python as halves of characters."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _suffix(path: str) -> str:
    return Path(path).suffix


def embed_missing(library: Library, progress: Progress) -> int:
    """Give every chunk without a vector its vector; returns how many."""
    store, embedder = library.store, library.embedder
    done = 0
    while rows := store.without_vectors(embedder.fingerprint, EMBED_BATCH):
        vectors = embedder.embed([text for _, _, text in rows])
        packed = [(n, c, v.tobytes()) for (n, c, _), v in zip(rows, vectors, strict=True)]
        store.put_vectors(packed, embedder.fingerprint)
        done += len(rows)
        progress(f"{done} passages embedded")
    return done
