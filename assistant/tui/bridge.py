"""Carries work into threads, and what happens there back to the screen as messages.

The threads are daemons, not Textual's workers: those are joined when the event loop closes, so that one long
call into a model or a plugin would hold the terminal after Ctrl+Q.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from assistant.api import AssistantError, Citation, Passage, Text
from assistant.chat.events import Event

if TYPE_CHECKING:
    from assistant.chat.records import StoredMessage
    from assistant.chat.session import Session
    from assistant.chat.workspace import Workspace

GATHER = 0.04
"""Seconds; the screen is told of text at most 25 times a second."""

LAST_WORDS = 1.0
"""Seconds that a running answer has to reach the disk when the user leaves."""


class Bridge:
    """Runs the program's blocking calls and posts their results to `screen`; it never touches a widget."""

    @dataclass
    class Started(Message):
        """The program is up."""

        workspace: "Workspace"

    @dataclass
    class Opened(Message):
        """A chat is open."""

        session: "Session"
        messages: "Sequence[StoredMessage]"

    @dataclass
    class Loaded(Message):
        """The model of this session is ready."""

        session: "Session"

    @dataclass
    class Surveyed(Message):
        """The names that answers can be looked up in."""

        collections: Sequence[str]

    @dataclass
    class Happened(Message):
        """An event of the running turn."""

        event: Event

    @dataclass
    class TurnEnded(Message):
        """The turn is over; `stored` is what remains of an answer that `error` broke off."""

        error: AssistantError | None = None
        stored: "StoredMessage | None" = None

    @dataclass
    class PassageRead(Message):
        """The surroundings of a cited passage."""

        citation: Citation
        whole: Passage
        before: str
        after: str

    @dataclass
    class CommandEnded(Message):
        """A plugin's command gave this text."""

        text: str

    @dataclass
    class Noted(Message):
        """The program or a plugin has something to say."""

        text: str

    @dataclass
    class Progressed(Message):
        """One line of what goes on."""

        text: str

    @dataclass
    class Failed(Message):
        """Something did not work."""

        error: AssistantError

    def __init__(self, screen: MessagePump) -> None:
        self._screen = screen
        self._closed = False
        self._turn: threading.Thread | None = None

    def start(self, boot: "Callable[[], Workspace]", chat: str | None) -> None:
        """Start the program, then open a chat: `Started`, `Opened`, or `Failed`."""

        def work() -> None:
            workspace = boot()
            early = workspace.notices
            workspace.progress = lambda text: self._post(self.Progressed(text))
            self._post(self.Started(workspace))
            try:
                self._open(workspace, chat)
            except AssistantError as error:
                if chat is None:
                    raise
                self._open(workspace, None)
                self._post(self.Failed(error))
            for text in early:
                self._post(self.Noted(text))

        self._thread(work)

    def open(self, workspace: "Workspace", chat: str | None) -> None:
        """Open a chat, or begin one."""
        self._thread(lambda: self._open(workspace, chat))

    def load(self, session: "Session") -> None:
        """Make the session's model ready."""

        def work() -> None:
            session.load()
            self._post(self.Loaded(session))

        self._thread(work)

    def survey(self, workspace: "Workspace") -> None:
        """Ask what can be looked up; a source that fails has nothing."""

        def work() -> None:
            names: list[str] = []
            for source in workspace.sources():
                with suppress(Exception):  # a plugin's code; its error shows when it is searched
                    names += source.collections()
            self._post(self.Surveyed(names))

        self._thread(work)

    def ask(self, session: "Session", question: str) -> None:
        """Answer a question: `Happened` for each event, then one `TurnEnded`."""
        self._turn = self._thread(lambda: self._ask(session, question))

    def run(self, session: "Session", command: "Callable[[Session, str], str | None]", argument: str) -> None:
        """Run a plugin's command."""
        self._thread(lambda: self._post(self.CommandEnded(command(session, argument) or "")))

    def read(self, workspace: "Workspace", citation: Citation, whole: Passage) -> None:
        """Look up what stands around a passage; nothing, where its source is gone."""

        def work() -> None:
            before = after = ""
            for source in workspace.sources():
                with suppress(Exception):  # a plugin's code; the passage itself can still be shown
                    before, after = source.surroundings(whole.ref)
                if before or after:
                    break
            self._post(self.PassageRead(citation, whole, before, after))

        self._thread(work)

    def close(self, session: "Session | None") -> None:
        """Stop the running answer and let its text reach the disk."""
        self._closed = True
        if session is not None and self._turn is not None and self._turn.is_alive():
            with suppress(AssistantError):
                session.stop()
            self._turn.join(LAST_WORDS)

    def _open(self, workspace: "Workspace", chat: str | None) -> None:
        # What is said meanwhile belongs below the messages of the chat.
        said: list[str] = []
        workspace.notify = said.append
        try:
            session = workspace.open(chat)
            self._post(self.Opened(session, session.messages()))
        finally:
            workspace.notify = lambda text: self._post(self.Noted(text))
            for text in said:
                workspace.notify(text)

    def _ask(self, session: "Session", question: str) -> None:
        waiting = ""
        shown = 0.0
        end = self.TurnEnded()
        try:
            for event in session.ask(question):
                if isinstance(event, Text):
                    waiting += event.text
                    if time.monotonic() - shown < GATHER:
                        continue
                if waiting:
                    self._post(self.Happened(Text(waiting)))
                    waiting, shown = "", time.monotonic()
                if not isinstance(event, Text):
                    self._post(self.Happened(event))
        except Exception as fault:  # noqa: BLE001 - around one turn: the chat must go on
            end.error = _sentence(fault)
            with suppress(Exception):
                end.stored = next((m for m in session.messages()[-1:] if m.role == "assistant"), None)
        if waiting:
            self._post(self.Happened(Text(waiting)))
        self._post(end)

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except Exception as fault:  # noqa: BLE001 - a plugin's code, or the chat must say why it cannot start
                self._post(self.Failed(_sentence(fault)))

        thread = threading.Thread(target=guarded, name="chat", daemon=True)
        thread.start()
        return thread

    def _post(self, message: Message) -> None:
        if not self._closed:
            with suppress(RuntimeError):  # the event loop ended a moment ago
                self._screen.post_message(message)


def _sentence(fault: Exception) -> AssistantError:
    if isinstance(fault, AssistantError):
        return fault
    return AssistantError(f"{type(fault).__name__}: {fault}", "This is a fault of the program; the chat is kept.")
