"""Taking files in: walk, hash, parse in a worker, store file by file, then embed what has no vector yet.

A file is searchable by words as soon as it is stored. Whatever ends a run, finished files stay, and the next
run goes on: nothing is stored twice, since a file's row is replaced in one transaction.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.api import AssistantError, DocumentLoader, KnowledgeError, MissingPackage, WorkerFailed
from assistant.knowledge.chunks import Chunk

from .library import Library
from .parse import parse
from .store import FileRow, Parsed

SECONDS = 60
MEGABYTES = 2000
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
    embedded: int = 0
    failed: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Ingest:
    """One run of adding or syncing."""

    def __init__(self, library: Library, progress: Progress) -> None:
        self._library = library
        self._store = library.store
        self._progress = progress
        self._loaders = {suffix: loader for loader in library.host.loaders() for suffix in loader.suffixes}
        self._worker = library.host.worker(parse, seconds=SECONDS, megabytes=MEGABYTES)

    def add(self, paths: list[Path], collection: str) -> Report:
        """Take files and folders into a collection."""
        report = Report(collection)
        try:
            for path in paths:
                self._take(path.expanduser().absolute(), collection, report)
        finally:
            self._worker.close()
        self._embed(report)
        return report

    def sync(self) -> Report:
        """Look again at all that was ever added: new, edited, renamed and deleted files."""
        report = Report()
        try:
            for collection, root in self._store.roots():
                self._take(Path(root), collection, report)
        finally:
            self._worker.close()
        self._embed(report)
        return report

    def _take(self, root: Path, collection: str, report: Report) -> None:
        known_before = {row.path: row for row in self._known(collection)}
        if not root.exists():
            gone = [row for row in known_before.values() if _below(row.path, root)]
            if gone:
                self._store.remove_files([row.id for row in gone])
                report.removed += len(gone)
            else:
                report.failed.append({"path": str(root), "reason": "there is no such file or folder"})
            return
        number = self._store.collection(collection, make=True)
        self._store.add_root(number, str(root))
        seen = set()
        missing = {p: r for p, r in known_before.items() if _below(p, root) and not Path(p).exists()}
        for path in walk(root, report):
            seen.add(str(path))
            loader = self._loaders.get(path.suffix.lower())
            if loader is None:
                self._unsupported(path, root, report)
                continue
            self._progress(f"{len(seen)} files  {path.name}")
            self._file(path, root, number, loader, known_before.get(str(path)), missing, report)
        if missing:
            self._store.remove_files([row.id for row in missing.values()])
            report.removed += len(missing)

    def _known(self, collection: str) -> list[FileRow]:
        if collection not in self._store.collections():
            return []
        return self._store.files(self._store.collection(collection))

    def _unsupported(self, path: Path, root: Path, report: Report) -> None:
        if path == root:
            reason = f"files of type {path.suffix or 'without suffix'} are not supported"
            report.failed.append({"path": str(path), "reason": reason})
        else:
            report.skipped += 1

    def _file(
        self,
        path: Path,
        root: Path,
        collection: int,
        loader: DocumentLoader,
        known: FileRow | None,
        missing: dict[str, FileRow],
        report: Report,
    ) -> None:
        try:
            facts = path.stat()
            if known is not None and (known.size, known.mtime) == (facts.st_size, facts.st_mtime_ns):
                self._same(known, report)
                return
            if facts.st_size > LARGEST:
                raise KnowledgeError(f"is larger than {LARGEST // 1_000_000} MB")
            data = path.read_bytes()
        except (OSError, KnowledgeError) as error:
            reason = error.strerror or str(error) if isinstance(error, OSError) else error.message
            self._store.put(collection, str(root), str(path), "", 0, 0, reason)
            report.failed.append({"path": str(path), "reason": reason})
            return
        digest = hashlib.blake2b(data, digest_size=20).hexdigest()
        if known is not None and known.hash == digest:
            self._store.touch(known.id, str(path), str(root), facts.st_mtime_ns)
            self._same(known, report)
            return
        renamed = next((row for row in missing.values() if row.hash == digest), None)
        if renamed is not None and known is None:
            del missing[renamed.path]
            self._store.touch(renamed.id, str(path), str(root), facts.st_mtime_ns)
            self._same(renamed, report)
            return
        parsed = self._parse(path, loader, data)
        self._store.put(collection, str(root), str(path), digest, facts.st_size, facts.st_mtime_ns, parsed)
        if isinstance(parsed, str):
            report.failed.append({"path": str(path), "reason": parsed})
        elif known is None:
            report.added += 1
        else:
            report.updated += 1

    def _same(self, row: FileRow, report: Report) -> None:
        if row.state == "failed":
            report.failed.append({"path": row.path, "reason": row.reason})
        else:
            report.unchanged += 1

    def _parse(self, path: Path, loader: DocumentLoader, data: bytes) -> Parsed | str:
        address = f"{loader.load.__module__}:{loader.load.__qualname__}"
        try:
            value: dict[str, Any] = self._worker.call({"loader": address, "path": str(path)}, data=data)
        except WorkerFailed as error:
            return f"the reader failed: {error.message}"
        except AssistantError as error:
            return error.message
        if not value["chunks"]:
            return "holds no text"
        chunks = tuple(Chunk(**piece) for piece in value["chunks"])
        return Parsed(value["text"], value["title"], value["lines"], chunks)

    def _embed(self, report: Report) -> None:
        try:
            report.embedded = embed_missing(self._library, self._progress)
        except (KnowledgeError, MissingPackage, WorkerFailed) as error:
            report.notes.append(f"{error.message} {error.hint}".strip())


def embed_missing(library: Library, progress: Progress) -> int:
    """Give every chunk without a vector its vector; returns how many."""
    store, embedder = library.store, library.embedder
    done = 0
    if not store.without_vectors(embedder.fingerprint, 1):
        return 0
    while rows := store.without_vectors(embedder.fingerprint, EMBED_BATCH):
        vectors = embedder.embed([text for _, _, text in rows])
        packed = [(n, c, v.tobytes()) for (n, c, _), v in zip(rows, vectors, strict=True)]
        store.put_vectors(packed, embedder.fingerprint)
        done += len(rows)
        progress(f"{done} passages embedded")
    return done


def walk(root: Path, report: Report) -> Iterator[Path]:
    """Files below a folder in order, without hidden ones; a file is itself. Links out of it are not followed."""
    if not root.is_dir():
        yield root
        return

    def unreadable(error: OSError) -> None:
        report.failed.append({"path": str(error.filename), "reason": error.strerror or str(error)})

    for folder, folders, names in os.walk(root, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(folder) / name
            if not name.startswith(".") and path.is_file():
                yield path


def _below(path: str, root: Path) -> bool:
    return path == str(root) or path.startswith(f"{root}{os.sep}")
