"""SQLite through apsw, because many Pythons' own sqlite3 cannot load sqlite-vec.

One connection a database, guarded by a lock; WAL lets other processes read meanwhile. Durable: a commit
that returned survives a power cut (`synchronous=FULL`).
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import apsw

from assistant.api import Row
from assistant.errors import StorageError
from assistant.paths import make_folder

BUSY_MS = 10_000


def open_database(path: Path, migrations: Sequence[str], *, vectors: bool = False) -> "SQLiteDatabase":
    """Open or make a database and bring it to the newest version.

    `migrations[i]` is SQL that takes it from version i to i+1 (`PRAGMA user_version`). `vectors` loads
    sqlite-vec. Raises `StorageError` for what is no database, damaged, newer than the program, or unwritable.
    """
    make_folder(path.parent)
    with _faults(path):
        connection = apsw.Connection(str(path))
        connection.setbusytimeout(BUSY_MS)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")
        if vectors:
            _load_vectors(connection)
        database = SQLiteDatabase(path, connection)
        database._migrate(migrations)
    return database


class SQLiteDatabase:
    """One open SQLite file (implements `api.Database`)."""

    def __init__(self, path: Path, connection: apsw.Connection) -> None:
        self._path = path
        self._connection = connection
        self._lock = threading.RLock()

    @property
    def path(self) -> Path:
        return self._path

    def execute(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Row]:
        """Run one or several statements and return the rows."""
        with self._lock, _faults(self._path):
            return list(self._connection.execute(sql, values))

    def executemany(self, sql: str, values: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each set of values."""
        with self._lock, _faults(self._path):
            self._connection.executemany(sql, values)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nests. Takes the write lock at once, so that two writers wait and never clash."""
        with self._lock, _faults(self._path):
            nested = self._connection.in_transaction
            self._connection.execute("SAVEPOINT inner_part" if nested else "BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK TO inner_part; RELEASE inner_part" if nested else "ROLLBACK")
                raise
            self._connection.execute("RELEASE inner_part" if nested else "COMMIT")

    def iterate(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Row]:
        """Rows one by one; the lock is held until the last is taken."""
        with self._lock, _faults(self._path):
            yield from self._connection.execute(sql, values)

    def backup(self, target: Path) -> None:
        """Copy the whole database to a file while it is in use."""
        with self._lock, _faults(target):
            copy = apsw.Connection(str(target))
            try:
                with copy.backup("main", self._connection, "main") as backup:
                    backup.step()
                copy.execute("PRAGMA journal_mode=DELETE")
            finally:
                copy.close()

    def check(self) -> list[str]:
        """What SQLite's integrity check complains of; empty when all is well."""
        rows = [str(row[0]) for row in self.execute("PRAGMA integrity_check(20)")]
        return [] if rows == ["ok"] else rows

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _migrate(self, migrations: Sequence[str]) -> None:
        if self._version() == len(migrations):
            return
        with self.transaction():
            version = self._version()
            if version > len(migrations):
                raise StorageError(
                    f"{self._path} was written by a newer version of the program.",
                    "Update the program, or point ASSISTANT_HOME at another folder.",
                )
            for sql in migrations[version:]:
                self._connection.execute(sql)
            self._connection.execute(f"PRAGMA user_version={len(migrations)}")

    def _version(self) -> int:
        return int(next(self._connection.execute("PRAGMA user_version"))[0])


def _load_vectors(connection: apsw.Connection) -> None:
    import sqlite_vec

    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.enable_load_extension(False)


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences that name the file."""
    try:
        yield
    except apsw.NotADBError as error:
        raise StorageError(
            f"{path} is not a database, or it is damaged.", "Move it away, or restore it from a backup."
        ) from error
    except apsw.CorruptError as error:
        raise StorageError(f"The database {path} is damaged.", "Run: assistant doctor --repair") from error
    except apsw.FullError as error:
        raise StorageError(f"The disk is full: {path} cannot grow.", "Free some space and try again.") from error
    except (apsw.CantOpenError, apsw.ReadOnlyError, apsw.PermissionsError, apsw.IOError) as error:
        raise StorageError(
            f"{path} cannot be opened or written ({error}).", "Check the folder's permissions and free space."
        ) from error
    except apsw.BusyError as error:
        raise StorageError(
            f"{path} has been locked by another process for {BUSY_MS // 1000} seconds.",
            "Close the other copy of the program, or wait until it is done.",
        ) from error
