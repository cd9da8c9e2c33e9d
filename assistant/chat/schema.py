"""The tables of chats.db. Migration i takes the database from version i to i+1."""

MIGRATIONS = (
    """
    CREATE TABLE chats (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL DEFAULT '',
        created TEXT NOT NULL,
        updated TEXT NOT NULL,
        leaf INTEGER,                       -- the newest message of the branch in view
        state TEXT NOT NULL DEFAULT '{}'    -- model, adapters and collections in use, as JSON
    );
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        chat TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
        parent INTEGER REFERENCES messages(id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
        text TEXT NOT NULL,                 -- as shown
        sent TEXT NOT NULL DEFAULT '',      -- as sent to the model, where that differs (with its passages)
        status TEXT NOT NULL CHECK (status IN ('complete', 'partial', 'failed')),
        created TEXT NOT NULL,
        details TEXT NOT NULL DEFAULT '{}'  -- model, adapters, sampling, passages, citations, usage, timings as JSON
    );
    CREATE INDEX messages_of_chat ON messages(chat, id);
    CREATE INDEX messages_of_parent ON messages(parent);
    CREATE VIRTUAL TABLE messages_fts USING fts5(
        text, content='messages', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
    );
    CREATE TRIGGER messages_added AFTER INSERT ON messages BEGIN
        INSERT INTO messages_fts(rowid, text) VALUES (new.id, new.text);
    END;
    CREATE TRIGGER messages_removed AFTER DELETE ON messages BEGIN
        INSERT INTO messages_fts(messages_fts, rowid, text) VALUES ('delete', old.id, old.text);
    END;
    CREATE TRIGGER messages_changed AFTER UPDATE OF text ON messages BEGIN
        INSERT INTO messages_fts(messages_fts, rowid, text) VALUES ('delete', old.id, old.text);
        INSERT INTO messages_fts(rowid, text) VALUES (new.id, new.text);
    END;
    """,
)
