"""One thin layer over apsw: open, migrate, back up."""

from assistant.storage.database import SQLiteDatabase, open_database

__all__ = ["SQLiteDatabase", "open_database"]
