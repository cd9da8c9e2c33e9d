"""The questions of the open chat: one is answered, the others wait in line."""

from typing import TYPE_CHECKING

from assistant.api import AssistantError, Evaluating, Passage, Text
from assistant.chat.events import Answered, Event, LeftOut, Loading, Noticed, Restarted, Retrieved, Searching
from assistant.tui.bridge import Bridge
from assistant.tui.widgets.messages import Answer, Question
from assistant.tui.widgets.status import Status
from assistant.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from assistant.chat.records import StoredMessage
    from assistant.chat.session import Session


class Turns:
    """Sends questions over the bridge and draws what comes back."""

    def __init__(self, bridge: Bridge, transcript: Transcript, status: Status) -> None:
        self._bridge = bridge
        self._transcript = transcript
        self._status = status
        self._session: Session | None = None
        self._waiting: list[str] = []
        self._answer: Answer | None = None
        self._passages: tuple[Passage, ...] = ()
        self.running = False

    async def use(self, session: "Session") -> None:
        """Ask in this session from now on, first what was asked before there was one."""
        self._session = session
        await self._next()

    async def ask(self, question: str) -> None:
        """Ask now, or after those before it."""
        self._waiting.append(question)
        await self._next()

    def stop(self) -> bool:
        """Stop the running answer, if there is one; it keeps its text."""
        if self.running and self._session is not None:
            self._session.stop()
        return self.running

    async def show(self, event: Event) -> None:
        """Draw one event of the running turn."""
        status = self._status
        if isinstance(event, Text):
            status.activity = "answering"
            await (await self._open_answer()).add(event.text)
        elif isinstance(event, Evaluating):
            status.activity = f"reading {event.done}/{event.total}"
        elif isinstance(event, Searching):
            status.activity = "searching"
        elif isinstance(event, Retrieved):
            self._passages = event.found.passages[: event.used]
        elif isinstance(event, Loading):
            status.activity = "loading model"
        elif isinstance(event, LeftOut):
            count = f"{event.messages} message{'s' if event.messages != 1 else ''}"
            await self._transcript.note(f"The window is full: the oldest {count} are no longer sent to the model.")
        elif isinstance(event, Restarted):
            status.activity = "engine restarted"
            await self._transcript.note(f"{event.reason} It was started again.")
        elif isinstance(event, Noticed):
            await self._transcript.note(event.text)
        elif isinstance(event, Answered):
            await self._finish(event)

    async def end(self, error: AssistantError | None, stored: "StoredMessage | None") -> None:
        """Close the turn and begin the next one."""
        if error is not None:
            if self._answer is not None and stored is not None:
                await self._answer.finish(stored)
            await self._transcript.error(error)
            self._status.activity = "ready" if self._session and self._session.info else "not ready"
        self._answer, self._passages, self.running = None, (), False
        self._status.redraw()
        await self._next()

    async def _next(self) -> None:
        if self._session is not None and self._waiting and not self.running:
            question = self._waiting.pop(0)
            self.running = True
            await self._transcript.ask(Question(question))
            self._bridge.ask(self._session, question)
        self._status.queued = len(self._waiting)

    async def _open_answer(self) -> Answer:
        if self._answer is None:
            self._answer = Answer()
            await self._transcript.add(self._answer)
        return self._answer

    async def _finish(self, event: Answered) -> None:
        reply = event.reply
        answer = await self._open_answer()
        await answer.close(reply.text, reply.citations, self._passages, how_it_ended(reply.stop_reason))
        self._status.reply = reply
        self._status.activity = "stopped" if reply.stop_reason == "stopped" else "ready"


def how_it_ended(stop_reason: str) -> str:
    """The mark of a reply that was not broken off by an error."""
    return {"stopped": "stopped", "length": "length"}.get(stop_reason, "")
