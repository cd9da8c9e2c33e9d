"""SQLite files: open, migrate, refuse, back up, repair."""

import os

import pytest

from assistant.errors import StorageError
from assistant.storage import open_database
from assistant.storage.repair import check_file, probe_vectors, repair_file

ONE = ("CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT);",)


def filled(path, rows=2000):
    database = open_database(path, ONE)
    with database.transaction():
        database.executemany("INSERT INTO notes (text) VALUES (?)", [(f"note {i} " * 20,) for i in range(rows)])
    return database


class TestOpening:
    def test_migrates_once_and_keeps_what_is_there(self, tmp_path):
        filled(tmp_path / "a.db", 3).close()
        later = open_database(tmp_path / "a.db", (*ONE, "ALTER TABLE notes ADD COLUMN tag TEXT;"))
        assert later.execute("SELECT count(*), max(tag) FROM notes") == [(3, None)]
        later.close()

    def test_file_of_a_newer_program_is_refused(self, tmp_path):
        open_database(tmp_path / "a.db", (*ONE, "SELECT 1;")).close()
        with pytest.raises(StorageError, match="newer version"):
            open_database(tmp_path / "a.db", ONE)

    def test_foreign_file_is_named(self, tmp_path):
        (tmp_path / "a.db").write_text("not a database " * 200)
        with pytest.raises(StorageError, match=r"a\.db is not a database"):
            open_database(tmp_path / "a.db", ONE)

    def test_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(StorageError, match="cannot be made"):
            open_database(tmp_path / "file" / "a.db", ONE)

    @pytest.mark.skipif(os.name != "posix", reason="the full device is Unix's")
    def test_full_disk_is_said_and_nothing_is_lost(self, tmp_path):
        database = filled(tmp_path / "a.db", 10)
        pages = database.execute("PRAGMA page_count")[0][0]
        database.execute(f"PRAGMA max_page_count={pages + 1}")
        with pytest.raises(StorageError, match="disk is full"), database.transaction():
            database.executemany("INSERT INTO notes (text) VALUES (?)", [("x" * 4000,)] * 50)
        assert database.execute("SELECT count(*) FROM notes") == [(10,)]
        database.close()


class TestTransactions:
    def test_failure_takes_everything_back(self, tmp_path):
        database = filled(tmp_path / "a.db", 1)
        with pytest.raises(ValueError), database.transaction():
            database.execute("DELETE FROM notes")
            raise ValueError
        assert database.execute("SELECT count(*) FROM notes") == [(1,)]
        database.close()

    def test_inner_failure_takes_back_the_inner_part_alone(self, tmp_path):
        database = filled(tmp_path / "a.db", 1)
        with database.transaction():
            database.execute("INSERT INTO notes (text) VALUES ('outer')")
            with pytest.raises(ValueError), database.transaction():
                database.execute("DELETE FROM notes")
                raise ValueError
        assert database.execute("SELECT count(*) FROM notes") == [(2,)]
        database.close()


class TestRepair:
    def test_backup_while_in_use(self, tmp_path):
        database = filled(tmp_path / "a.db", 5)
        database.backup(tmp_path / "copy.db")
        assert check_file(tmp_path / "copy.db") == []
        copy = open_database(tmp_path / "copy.db", ONE)
        assert copy.execute("SELECT count(*) FROM notes") == [(5,)]
        copy.close()
        database.close()

    def test_damaged_file_is_rebuilt_and_the_damaged_one_kept(self, tmp_path):
        path = tmp_path / "a.db"
        filled(path).close()
        raw = bytearray(path.read_bytes())
        middle = len(raw) // 2 // 4096 * 4096
        raw[middle : middle + 4096] = b"\xff" * 4096
        path.write_bytes(raw)
        assert check_file(path)
        kept = repair_file(path)
        assert kept.exists()
        assert check_file(path) == []
        repaired = open_database(path, ONE)
        assert repaired.execute("SELECT count(*) FROM notes")[0][0] > 100
        repaired.close()

    def test_vectors_work_here(self):
        assert probe_vectors().startswith("v0.1.9")
