"""Checking a database file, and rebuilding a damaged one from what can still be read."""

import contextlib
import time
from pathlib import Path

import apsw

from assistant.errors import StorageError


def check_file(path: Path) -> list[str]:
    """What is wrong with a database file; empty when all is well. The file is only read."""
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    except apsw.Error as error:
        return [str(error)]
    try:
        _load_vectors(connection)
        rows = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        rows += [f"foreign key of {row[0]}" for row in connection.execute("PRAGMA foreign_key_check")]
    except apsw.Error as error:
        return [str(error)]
    finally:
        connection.close()
    return [row for row in rows if row != "ok"]


def repair_file(path: Path) -> Path:
    """Rebuild a database from the rows that can still be read; returns where the damaged file is kept.

    Raises `StorageError` when nothing can be read; the file is then left as it was.
    """
    kept = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
    fresh = path.with_name(path.name + ".repaired")
    fresh.unlink(missing_ok=True)
    try:
        _recover(path, fresh)
    except apsw.Error as error:
        fresh.unlink(missing_ok=True)
        raise StorageError(
            f"{path} cannot be repaired: {error}.", "Restore a backup, or move the file away to start anew."
        ) from error
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            Path(str(path) + suffix).rename(str(kept) + suffix)
    fresh.rename(path)
    return kept


def probe_vectors() -> str:
    """Load sqlite-vec and run a nearest-neighbour query: an import alone proves nothing. Raises `StorageError`."""
    try:
        connection = apsw.Connection(":memory:")
        _load_vectors(connection)
        connection.execute("CREATE VIRTUAL TABLE v USING vec0(x float[2])")
        connection.execute("INSERT INTO v(rowid, x) VALUES (1, '[1, 0]'), (2, '[0, 1]')")
        rows = list(connection.execute("SELECT rowid FROM v WHERE x MATCH '[0, 0.9]' AND k = 1"))
        version = next(connection.execute("SELECT vec_version()"))[0]
    except (apsw.Error, ImportError) as error:
        raise StorageError(
            f"sqlite-vec does not work here: {error}.", "Reinstall it: pip install sqlite-vec"
        ) from error
    if rows != [(2,)]:
        raise StorageError("sqlite-vec gives wrong answers here.", "Reinstall it: pip install sqlite-vec")
    return f"{version}, SQLite {apsw.sqlite_lib_version()}"


def _recover(path: Path, fresh: Path) -> None:
    """Copy the schema, then every row that can be read, table by table."""
    source = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    target = apsw.Connection(str(fresh))
    for connection in (source, target):
        _load_vectors(connection)
    version = next(source.execute("PRAGMA user_version"))[0]
    schema = list(source.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    virtual = [name for kind, name, sql in schema if kind == "table" and sql.upper().startswith("CREATE VIRTUAL")]
    shadow = {n for _, n, _ in schema if any(n.startswith(v + "_") for v in virtual)}
    tables = [(n, s) for k, n, s in schema if k == "table" and n not in shadow and not n.startswith("sqlite_")]
    for _, sql in tables:
        target.execute(sql)
    with target:
        for name, _ in tables:
            if name not in virtual:
                _copy_rows(source, target, name)
        for name in virtual:
            with contextlib.suppress(apsw.Error):
                target.execute(f"INSERT INTO {name}({name}) VALUES ('rebuild')")
        for kind, name, sql in schema:
            if kind != "table" and not name.startswith("sqlite_"):
                target.execute(sql)
    target.execute(f"PRAGMA user_version={version}")
    source.close()
    target.close()


def _copy_rows(source: apsw.Connection, target: apsw.Connection, table: str) -> None:
    columns = [row[1] for row in source.execute(f"PRAGMA table_info({table})")]
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    with contextlib.suppress(apsw.Error):  # the rows before the damaged page are kept
        for row in source.execute(f"SELECT {names} FROM {table}"):
            target.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)


def _load_vectors(connection: apsw.Connection) -> None:
    import sqlite_vec

    connection.enable_load_extension(True)
    connection.load_extension(sqlite_vec.loadable_path())
    connection.enable_load_extension(False)
