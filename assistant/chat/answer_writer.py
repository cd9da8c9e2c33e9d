"""Writes a growing answer to disk at least every 250 ms, so that a crash loses no more."""

import threading

from assistant.chat.records import Details, Status
from assistant.chat.store import ChatStore

PAUSE = 0.2


class AnswerWriter:
    """Flushes the text of one answer from a thread of its own until it is finished."""

    def __init__(self, store: ChatStore, message: int) -> None:
        self._store = store
        self._message = message
        self._text = ""
        self._written = ""
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._flush, name="answer-writer", daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        return self._text

    def add(self, text: str) -> None:
        """Append the next piece."""
        self._text += text

    def finish(self, text: str, status: Status, details: Details) -> None:
        """Write the final text and how it came about; the model's own text is kept beside it."""
        self._done.set()
        self._thread.join()
        self._store.finish_answer(self._message, text, self._text, status, details)

    def _flush(self) -> None:
        while not self._done.wait(PAUSE):
            text = self._text
            if text != self._written:
                self._store.update_answer(self._message, text)
                self._written = text
