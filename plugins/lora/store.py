"""The kept adapters: `NAME.gguf` and, beside it, `NAME.json` with what its header said.

Listing reads the JSON files alone, so that it costs the same for large adapters. The JSON is written last:
an adapter without one was never completely added.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from assistant.api import Adapter, AdapterError, AdapterFacts, StorageError, UsageError

from .names import check_name

PIECE = 1 << 20
SPARE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept adapter with the SHA-256 of its file and the day it was added."""

    adapter: Adapter
    sha256: str
    added: str


class AdapterStore:
    """The adapters in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def adapters(self) -> Iterator[Adapter]:
        """The usable adapters by name. Raises `StorageError` when the folder cannot be read."""
        for name in self.names():
            try:
                adapter = self.get(name).adapter
            except AdapterError:
                continue
            yield adapter

    def names(self) -> list[str]:
        """Every name that a file in the folder has, usable or not."""
        try:
            files = list(self.folder.iterdir()) if self.folder.is_dir() else []
        except OSError as error:
            raise _fault(self.folder, "read", error) from error
        return sorted({f.stem for f in files if f.suffix in (".gguf", ".json") and not f.name.startswith(".")})

    def damage(self) -> list[str]:
        """One sentence for each entry that cannot be used."""
        faults = []
        for name in self.names():
            try:
                self.get(name)
            except AdapterError as error:
                faults.append(error.message)
        return faults

    def raise_damage(self) -> None:
        """Raise `AdapterError` with the damaged entries, if there are any."""
        faults = self.damage()
        if faults:
            raise AdapterError(" ".join(faults), "Take it off with: assistant adapters remove NAME, and add it again.")

    def get(self, name: str) -> Kept:
        """One kept adapter. Raises `AdapterError` when its entry is damaged or its file is gone."""
        path = self.path(name)
        try:
            entry = json.loads(self._index(name).read_text("utf-8"))
            facts = _facts(entry["facts"])
            kept = Kept(Adapter(name, path, facts, str(entry["base"])), str(entry["sha256"]), str(entry["added"]))
            size = path.stat().st_size
        except FileNotFoundError as error:
            missing = Path(str(error.filename)).name
            raise AdapterError(f"The adapter {name!r} is incomplete: {missing} is missing.") from error
        except OSError as error:
            raise AdapterError(f"The adapter {name!r} cannot be read: {error.strerror or error}.") from error
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise AdapterError(f"The adapter {name!r} has a damaged {name}.json.") from error
        if size != facts.size_bytes:
            raise AdapterError(f"The adapter {name!r} is damaged: it has {size} bytes, not {facts.size_bytes}.")
        return kept

    def path(self, name: str) -> Path:
        """Where the adapter of that name lies."""
        return self.folder / f"{name}.gguf"

    def add(self, file: Path, name: str, facts: AdapterFacts, base: str) -> Kept:
        """Copy a checked adapter into the folder, all or nothing.

        Raises `UsageError` for a name that is taken and `StorageError` when it cannot be copied.
        """
        check_name(name)
        if name in self.names():
            raise UsageError(
                f"There is already an adapter named {name!r}.",
                f"Choose another with --name, or first: assistant adapters remove {name}",
            )
        aside, index_aside = self.folder / f".{name}.gguf.new", self.folder / f".{name}.json.new"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_space(file.stat().st_size)
            kept = Kept(Adapter(name, self.path(name), facts, base), _copy(file, aside), _today())
            index_aside.write_text(json.dumps(_entry(kept), indent=1, sort_keys=True), "utf-8")
            aside.replace(self.path(name))
            index_aside.replace(self._index(name))
        except OSError as error:
            raise StorageError(
                f"The adapter {file} cannot be copied to {self.folder}: {error.strerror or error}.",
                "Free some space, or check the permissions of both.",
            ) from error
        finally:
            _discard(aside, index_aside)
        return kept

    def remove(self, name: str) -> None:
        """Delete an adapter, usable or not. Raises `StorageError`."""
        try:
            self._index(name).unlink(missing_ok=True)
            self.path(name).unlink(missing_ok=True)
        except OSError as error:
            raise _fault(self.path(name), "deleted", error) from error

    def _index(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _check_space(self, size: int) -> None:
        free = shutil.disk_usage(self.folder).free
        if free < size + SPARE_BYTES:
            raise StorageError(
                f"The adapter needs {size / 1e6:.0f} MB and {self.folder} has {free / 1e6:.0f} MB left.",
                "Free some space, or move the program's data with ASSISTANT_HOME=/some/folder.",
            )


def _copy(source: Path, target: Path) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while piece := reader.read(PIECE):
            digest.update(piece)
            writer.write(piece)
    return digest.hexdigest()


def _discard(*files: Path) -> None:
    for file in files:
        try:
            file.unlink(missing_ok=True)
        except OSError:
            continue


def _entry(kept: Kept) -> dict[str, Any]:
    facts = asdict(kept.adapter.facts) | {"metadata": dict(kept.adapter.facts.metadata)}
    return {"facts": facts, "base": kept.adapter.base, "sha256": kept.sha256, "added": kept.added}


def _facts(values: dict[str, Any]) -> AdapterFacts:
    return AdapterFacts(
        architecture=str(values["architecture"]),
        rank=int(values["rank"]),
        alpha=float(values["alpha"]),
        tensors=int(values["tensors"]),
        targets=tuple(str(target) for target in values["targets"]),
        size_bytes=int(values["size_bytes"]),
        precision=str(values["precision"]),
        metadata={str(key): str(value) for key, value in dict(values["metadata"]).items()},
    )


def _today() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _fault(path: Path, done: str, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be {done}: {error.strerror or error}.", "Check its permissions.")
