"""The chats on disk: a tree of messages for each chat, with full-text search over all of them.

A question is durable before inference starts; the text of a running answer is flushed while it grows.
"""

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from assistant.api import Database
from assistant.chat.records import (
    ChatSummary,
    Details,
    SearchHit,
    Status,
    StoredMessage,
    details_from_json,
    details_to_json,
)
from assistant.errors import NotFound

COLUMNS = "id, chat, parent, role, text, sent, status, created, details"
TITLE_LENGTH = 60


class ChatStore:
    """Reads and writes chats.db."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def create_chat(self, title: str = "") -> str:
        """Make an empty chat and return its id."""
        chat, now = os.urandom(4).hex(), _now()
        self.database.execute(
            "INSERT INTO chats (id, title, created, updated) VALUES (?, ?, ?, ?)", (chat, title, now, now)
        )
        return chat

    def chats(self, limit: int = 200) -> list[ChatSummary]:
        """The chats that hold messages, the last used first."""
        rows = self.database.execute(
            "SELECT c.id, c.title, c.created, c.updated, (SELECT count(*) FROM messages WHERE chat = c.id) AS n "
            "FROM chats c WHERE n > 0 ORDER BY c.updated DESC, c.rowid DESC LIMIT ?",
            (limit,),
        )
        return [ChatSummary(*row) for row in rows]

    def chat(self, chat: str) -> ChatSummary:
        """The chat with this id, or the only one whose id starts so. Raises `NotFound`."""
        rows = self.database.execute(
            "SELECT id, title, created, updated, (SELECT count(*) FROM messages WHERE chat = c.id) "
            "FROM chats c WHERE id = ?1 OR (length(?1) >= 3 AND substr(id, 1, length(?1)) = ?1) "
            "ORDER BY id = ?1 DESC LIMIT 2",
            (chat,),
        )
        if not rows or (len(rows) > 1 and rows[0][0] != chat):
            raise NotFound(f"There is no chat {chat!r}.", "See them with: assistant chats list")
        return ChatSummary(*rows[0])

    def thread(self, chat: str) -> list[StoredMessage]:
        """The branch in view, oldest message first."""
        rows = self.database.execute(
            f"""WITH RECURSIVE branch(id, parent, depth) AS (
                    SELECT m.id, m.parent, 0 FROM messages m JOIN chats c ON m.id = c.leaf WHERE c.id = ?
                    UNION ALL
                    SELECT m.id, m.parent, depth + 1 FROM messages m JOIN branch b ON m.id = b.parent)
                SELECT {", ".join("m." + c for c in COLUMNS.split(", "))}
                FROM branch b JOIN messages m ON m.id = b.id ORDER BY b.depth DESC""",
            (chat,),
        )
        return [_message(row) for row in rows]

    def add_message(
        self, chat: str, role: str, text: str, *, sent: str = "", status: Status = "complete", parent: int | None
    ) -> int:
        """Append a message below `parent`, make it the chat's newest and return its id."""
        now = _now()
        with self.database.transaction():
            self.database.execute(
                "INSERT INTO messages (chat, parent, role, text, sent, status, created) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (chat, parent, role, text, sent, status, now),
            )
            message = int(self.database.execute("SELECT last_insert_rowid()")[0][0])
            self.database.execute(
                "UPDATE chats SET leaf = ?, updated = ?, title = CASE WHEN title = '' THEN ? ELSE title END "
                "WHERE id = ?",
                (message, now, make_title(text) if role == "user" else "", chat),
            )
        return message

    def set_sent(self, message: int, sent: str) -> None:
        """Remember what the model was given for a question."""
        self.database.execute("UPDATE messages SET sent = ? WHERE id = ?", (sent, message))

    def update_answer(self, message: int, text: str) -> None:
        """Write the text of a running answer so far."""
        self.database.execute("UPDATE messages SET text = ? WHERE id = ?", (text, message))

    def finish_answer(self, message: int, text: str, sent: str, status: Status, details: Details) -> None:
        """Write an answer's final text, the text the model itself gave, and how it came about."""
        self.database.execute(
            "UPDATE messages SET text = ?, sent = ?, status = ?, details = ? WHERE id = ?",
            (text, "" if sent == text else sent, status, json.dumps(details_to_json(details)), message),
        )

    def search(self, query: str, limit: int = 50) -> list[SearchHit]:
        """Find messages with all of these words, the best first; the last word may be unfinished."""
        words = ["".join(c for c in word if c.isalnum() or c == "_") for word in _split(query)]
        words = [word for word in words if word]
        if not words:
            return []
        expression = " ".join(f'"{word}"' for word in words) + "*"
        rows = self.database.execute(
            """SELECT m.chat, c.title, m.id, m.role, snippet(messages_fts, 0, '[', ']', '…', 12), m.created
               FROM messages_fts f JOIN messages m ON m.id = f.rowid JOIN chats c ON c.id = m.chat
               WHERE messages_fts MATCH ? ORDER BY f.rank LIMIT ?""",
            (expression, limit),
        )
        return [SearchHit(*row) for row in rows]

    def rename(self, chat: str, title: str) -> None:
        """Give a chat another title."""
        self.database.execute("UPDATE chats SET title = ? WHERE id = ?", (title, self.chat(chat).id))

    def delete(self, chat: str) -> None:
        """Remove a chat and all its messages for good."""
        self.database.execute("DELETE FROM chats WHERE id = ?", (self.chat(chat).id,))

    def state(self, chat: str) -> dict[str, Any]:
        """What the chat had in use: model, adapters, collections."""
        rows = self.database.execute("SELECT state FROM chats WHERE id = ?", (chat,))
        state = json.loads(rows[0][0]) if rows else {}
        return state if isinstance(state, dict) else {}

    def set_state(self, chat: str, state: Mapping[str, Any]) -> None:
        """Remember what the chat has in use."""
        self.database.execute("UPDATE chats SET state = ? WHERE id = ?", (json.dumps(dict(state)), chat))

    def end_broken_answers(self, chat: str) -> None:
        """Mark answers of this chat that a crash left unfinished."""
        self.database.execute(
            "UPDATE messages SET details = json_set(details, '$.stop_reason', 'interrupted') "
            "WHERE chat = ? AND status = 'partial' AND details = '{}'",
            (chat,),
        )


def make_title(text: str) -> str:
    """The first line of a question, shortened."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _split(query: str) -> list[str]:
    return "".join(c if c.isalnum() or c == "_" else " " for c in query).split()


def _message(row: tuple[Any, ...]) -> StoredMessage:
    number, chat, parent, role, text, sent, status, created, details = row
    return StoredMessage(
        number, chat, parent, role, text, sent, status, created, details_from_json(json.loads(details))
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
