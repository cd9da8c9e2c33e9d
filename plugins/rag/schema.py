"""The tables of knowledge.db. Migration i takes it from version i to i+1."""

MIGRATIONS = (
    """
    CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        collection INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        path TEXT NOT NULL,
        root TEXT NOT NULL,                -- what was added: sync walks it again
        hash TEXT NOT NULL DEFAULT '',
        size INTEGER NOT NULL DEFAULT 0,
        mtime INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL,               -- indexed or failed
        reason TEXT NOT NULL DEFAULT '',
        title TEXT NOT NULL DEFAULT '',
        lines INTEGER NOT NULL DEFAULT 1,
        text BLOB,                         -- zlib: offsets of chunks point into it
        UNIQUE (collection, path)
    );
    CREATE INDEX files_of_hash ON files(hash);
    CREATE TABLE roots (
        collection INTEGER NOT NULL REFERENCES collections(id) ON DELETE CASCADE,
        path TEXT NOT NULL,
        PRIMARY KEY (collection, path)
    );
    CREATE TABLE chunks (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file INTEGER NOT NULL REFERENCES files(id) ON DELETE CASCADE,
        collection INTEGER NOT NULL,
        char_start INTEGER NOT NULL, char_end INTEGER NOT NULL,
        page INTEGER, line_start INTEGER, line_end INTEGER,
        heading TEXT NOT NULL DEFAULT '',
        text TEXT NOT NULL
    );
    CREATE INDEX chunks_of_file ON chunks(file, char_start);
    CREATE VIRTUAL TABLE chunks_fts USING fts5(
        heading, text, content='chunks', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
    );
    -- What is deleted leaves no words behind in the index.
    INSERT INTO chunks_fts(chunks_fts, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER chunks_added AFTER INSERT ON chunks BEGIN
        INSERT INTO chunks_fts(rowid, heading, text) VALUES (new.id, new.heading, new.text);
    END;
    CREATE TRIGGER chunks_removed AFTER DELETE ON chunks BEGIN
        INSERT INTO chunks_fts(chunks_fts, rowid, heading, text) VALUES ('delete', old.id, old.heading, old.text);
        DELETE FROM vectors WHERE chunk = old.id;
        DELETE FROM near WHERE rowid = old.id;
    END;
    CREATE TABLE vectors (chunk INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, vector BLOB NOT NULL);
    CREATE VIRTUAL TABLE near USING vec0(vector float[384], collection INTEGER);
    """,
)
