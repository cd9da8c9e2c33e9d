"""The chat application: first paint, then the program is started behind it."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Horizontal
from textual.screen import Screen

from assistant.api import AssistantError, Evaluating, Text
from assistant.chat.events import Answered, Event, LeftOut, Loading, Noticed, Restarted, Searching
from assistant.chat.session import Session
from assistant.chat.workspace import Workspace
from assistant.tui import bridge, commands
from assistant.tui.command_runner import CommandRunner
from assistant.tui.screens.chats import ChatsScreen
from assistant.tui.widgets.composer import Composer
from assistant.tui.widgets.messages import Answer, Question, Source
from assistant.tui.widgets.passage_pane import PassagePane
from assistant.tui.widgets.status import Status
from assistant.tui.widgets.transcript import Transcript

WELCOME = "Ask a question. /kb add PATH adds documents, /help shows the commands."
NARROW = 100


class ChatApp(App[None]):
    """One window onto one chat."""

    CSS_PATH = "app.tcss"
    TITLE = "assistant"
    BINDINGS: ClassVar = [
        ("escape", "stop", "Stop"),
        ("ctrl+n", "new", "New chat"),
        ("ctrl+s", "chats", "Past chats"),
        ("f1", "help", "Help"),
    ]

    def __init__(self, boot: Callable[[], Workspace], chat: str | None = None) -> None:
        super().__init__()
        self._boot = boot
        self._first = chat
        self.workspace: Workspace | None = None
        self.session: Session | None = None
        self._queue: list[str] = []
        self.busy = False
        self._answer: Answer | None = None
        self._commands = CommandRunner(self)

    def compose(self) -> ComposeResult:
        with Horizontal(id="main"):
            yield Transcript()
            yield PassagePane()
        yield Status()
        yield Composer()

    def on_mount(self) -> None:
        self.query_one(Composer).focus()
        self.set_class(self.size.width < NARROW, "narrow")
        # Not awaited here: the keys must be taken while the program starts.
        self.call_after_refresh(lambda: self.run_worker(self._start(), exit_on_error=False))

    def on_resize(self) -> None:
        self.set_class(self.size.width < NARROW, "narrow")

    async def _start(self) -> None:
        try:
            self.workspace = await asyncio.to_thread(self._boot)
        except Exception as error:  # noqa: BLE001 - shown instead of a traceback over the screen
            await self.fail(error)
            return
        self.workspace.notify = lambda text: self.hand_over(self.say, text)
        for text in self.workspace.notices:
            await self.say(text)
        await self.open_chat(self._first)

    async def open_chat(self, chat: str | None) -> None:
        """Show a chat, or a new one."""
        assert self.workspace is not None
        try:
            self.session = self.workspace.open(chat)
        except AssistantError as error:
            await self.fail(error)
            return
        transcript, status = self.query_one(Transcript), self.query_one(Status)
        messages = self.session.messages()
        await transcript.show(messages)
        self.query_one(Composer).earlier = [m.text for m in messages if m.role == "user"]
        if not messages:
            await self.say(WELCOME)
        status.session, status.reply = self.session, None
        status.activity = "loading model"
        self.run_worker(self.warm, thread=True, exit_on_error=False)
        await self._next()

    def warm(self) -> None:
        """In a thread: load the model."""
        session = self.session
        assert session is not None
        try:
            session.load()
        except AssistantError as error:
            self.hand_over(self.fail, error)
            return
        if not self.busy:
            self.hand_over(self.set_activity, "ready")

    async def on_composer_sent(self, event: Composer.Sent) -> None:
        if event.text.startswith("/") and self.workspace is not None:
            await self._commands.run(event.text)
            return
        self._queue.append(event.text)
        await self._next()

    async def _next(self) -> None:
        status = self.query_one(Status)
        if self.session is not None and not self.busy and self._queue:
            question = self._queue.pop(0)
            self.busy = True
            await self.query_one(Transcript).add(Question(question))
            session = self.session
            self.run_worker(lambda: self._ask(session, question), thread=True, exit_on_error=False)
        status.queued = len(self._queue)

    def _ask(self, session: Session, question: str) -> None:
        bridge.ask(
            session,
            question,
            lambda event: self.hand_over(self._show, event),
            lambda error: self.hand_over(self._fail_turn, error),
        )
        self.hand_over(self._done)

    async def _done(self) -> None:
        self.busy, self._answer = False, None
        await self._next()

    async def _show(self, event: Event) -> None:
        transcript, status = self.query_one(Transcript), self.query_one(Status)
        if isinstance(event, Text):
            if self._answer is None:
                self._answer = Answer()
                await transcript.add(self._answer)
            status.activity = "answering"
            await self._answer.add(event.text)
        elif isinstance(event, Answered):
            reply = event.reply
            if self._answer is None and reply.text:
                self._answer = Answer()
                await transcript.add(self._answer)
            if self._answer is not None:
                state = "partial" if reply.stop_reason == "stopped" else "complete"
                await self._answer.finish(reply.text, reply.citations, state)
            status.reply = reply
            status.activity = "stopped" if reply.stop_reason == "stopped" else "ready"
            status.redraw()
        elif isinstance(event, Evaluating):
            status.activity = f"reading {event.done}/{event.total}"
        elif isinstance(event, Searching):
            status.activity = "searching"
        elif isinstance(event, Loading):
            status.activity = "loading model"
        elif isinstance(event, LeftOut):
            await self.say(f"The window is full: the oldest {event.messages} messages are no longer sent.")
        elif isinstance(event, Restarted):
            await self.say(f"{event.reason} It was restarted.")
        elif isinstance(event, Noticed):
            await self.say(event.text)

    def on_source_opened(self, event: Source.Opened) -> None:
        assert self.workspace is not None
        passage = event.citation.passage
        before = after = ""
        for source in self.workspace.sources():
            try:
                before, after = source.surroundings(passage.ref)
            except AssistantError:
                continue
            if before or after:
                break
        self.add_class("passage-open")
        self.query_one(PassagePane).open(event.citation, before, after)

    def hand_over(self, call: Callable[..., Any], *arguments: Any) -> None:
        """From a thread: run something on the screen's thread and wait for it."""
        self.call_from_thread(call, *arguments)

    async def say(self, text: str) -> None:
        """Add a note to the transcript."""
        await self.query_one(Transcript).note(text)

    async def fail(self, error: BaseException) -> None:
        """Show an error and its hint in the transcript."""
        text = f"{error.message}\n{error.hint}".rstrip() if isinstance(error, AssistantError) else str(error)
        await self.query_one(Transcript).note(text, error=True)
        self.set_activity("ready" if self.session is not None and self.session.info else "not ready")

    async def _fail_turn(self, error: AssistantError) -> None:
        if self._answer is not None and self.session is not None:
            messages = self.session.messages()
            text = messages[-1].text if messages else ""
            await self._answer.finish(text, (), "partial")
        await self.fail(error)

    def set_activity(self, text: str) -> None:
        self.query_one(Status).activity = text

    def action_stop(self) -> None:
        """Close the passage, else stop the answer."""
        pane = self.query_one(PassagePane)
        if pane.display:
            pane.close()
            self.remove_class("passage-open")
            self.query_one(Composer).focus()
        elif self.busy and self.session is not None:
            self.session.stop()
        else:
            self.query_one(Composer).focus()

    async def action_new(self) -> None:
        """Begin a new chat."""
        await self._commands.run("/new")

    async def action_help(self) -> None:
        """Show the commands."""
        await self._commands.run("/help")

    def action_chats(self) -> None:
        """Choose a past chat."""
        if self.workspace is None:
            return

        async def chosen(chat: str | None) -> None:
            if chat:
                await self._commands.run(f"/open {chat}")

        self.push_screen(ChatsScreen(self.workspace.store), chosen)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the chat's commands, then Textual's own."""
        if self.workspace is not None:
            for usage, summary in commands.summaries(self.workspace.registry):
                name = usage.split()[0]

                def run(name: str = name) -> None:
                    composer = self.query_one(Composer)
                    composer.text = name + " "
                    composer.move_cursor((0, len(composer.text)))
                    composer.focus()

                yield SystemCommand(usage, summary, run)
        yield from super().get_system_commands(screen)

    def on_unmount(self) -> None:
        if self.session is not None:
            self.session.stop()


def run(boot: Callable[[], Workspace], chat: str | None = None) -> int:
    """Open the chat in this terminal until the user leaves."""
    app = ChatApp(boot, chat)
    app.run()
    return app.return_code or 0
