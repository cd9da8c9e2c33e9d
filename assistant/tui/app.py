"""The chat application: first paint, then the program is started behind it."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Horizontal
from textual.screen import Screen

from assistant.tui import commands
from assistant.tui.bridge import Bridge
from assistant.tui.command_runner import CommandRunner
from assistant.tui.turns import Turns
from assistant.tui.widgets.card import Card
from assistant.tui.widgets.composer import Composer
from assistant.tui.widgets.hint import Hint
from assistant.tui.widgets.messages import Source
from assistant.tui.widgets.passage_pane import PassagePane
from assistant.tui.widgets.status import Status
from assistant.tui.widgets.transcript import Transcript

if TYPE_CHECKING:
    from assistant.chat.session import Session
    from assistant.chat.workspace import Workspace

NARROW = 100
"""Columns below which the passage lies over the transcript."""


class ChatApp(App[None]):
    """One window onto one chat at a time."""

    CSS_PATH = "app.tcss"
    TITLE = "assistant"
    BINDINGS: ClassVar = [
        ("escape", "leave", "Stop, or back"),
        ("ctrl+n", "command('/new')", "New chat"),
        ("ctrl+s", "command('/chats')", "Past chats"),
        ("ctrl+o", "command('/source')", "Open a source"),
        ("f1", "command('/help')", "Help"),
    ]

    def __init__(self, boot: "Callable[[], Workspace]", chat: str | None = None) -> None:
        super().__init__()
        self._boot = boot
        self._first = chat
        self.workspace: Workspace | None = None
        self.session: Session | None = None
        self.transcript, self.pane = Transcript(), PassagePane()
        self.status, self.composer, self.hint = Status(), Composer(), Hint()
        self.card = Card()
        self.bridge = Bridge(self)
        self.turns = Turns(self.bridge, self.transcript, self.status)
        self.commands = CommandRunner(self)

    def compose(self) -> ComposeResult:
        with Horizontal(id="main"):
            yield self.transcript
            yield self.pane
        yield self.status
        yield self.composer
        yield self.hint

    async def on_mount(self) -> None:
        await self.transcript.add(self.card)
        self.composer.focus()
        self.watch(self.screen, "focused", self.show_keys)
        self.call_after_refresh(self.bridge.start, self._boot, self._first)

    def on_resize(self) -> None:
        self.set_class(self.size.width < NARROW, "narrow")

    def on_bridge_started(self, event: Bridge.Started) -> None:
        self.workspace = event.workspace
        self.bridge.survey(event.workspace)

    async def on_bridge_opened(self, event: Bridge.Opened) -> None:
        self.session = session = event.session
        self.composer.earlier = [message.text for message in event.messages if message.role == "user"]
        self.card.model(session.model, loaded=False)
        await self.transcript.show(event.messages, self.card)
        self.status.open(session, event.messages)
        self.bridge.load(session)
        await self.turns.use(session)
        await self.commands.run_early()
        self.show_keys()

    def on_bridge_loaded(self, event: Bridge.Loaded) -> None:
        if event.session is self.session:
            self.card.model(event.session.model, loaded=True)
            if not self.turns.running:
                self.status.activity = "ready"
            self.status.redraw()

    def on_bridge_surveyed(self, event: Bridge.Surveyed) -> None:
        known = self.workspace.registry.commands if self.workspace is not None else {}
        self.card.knowledge(event.collections, can_add="kb" in known)

    async def on_bridge_happened(self, event: Bridge.Happened) -> None:
        await self.turns.show(event.event)

    async def on_bridge_turn_ended(self, event: Bridge.TurnEnded) -> None:
        await self.turns.end(event.error, event.stored)
        self.show_keys()

    def on_bridge_passage_read(self, event: Bridge.PassageRead) -> None:
        self.add_class("reading")
        self.pane.open(event.citation, event.whole, event.before, event.after)

    async def on_bridge_command_ended(self, event: Bridge.CommandEnded) -> None:
        self.status.progress = ""
        if event.text:
            await self.transcript.report(event.text)
        if self.workspace is not None:
            self.bridge.survey(self.workspace)

    async def on_bridge_noted(self, event: Bridge.Noted) -> None:
        await self.transcript.note(event.text)

    def on_bridge_progressed(self, event: Bridge.Progressed) -> None:
        self.status.progress = event.text

    async def on_bridge_failed(self, event: Bridge.Failed) -> None:
        self.status.progress = ""
        await self.transcript.error(event.error)
        if not self.turns.running:
            self.status.activity = "ready" if self.session is not None and self.session.info else "not ready"

    async def on_composer_sent(self, event: Composer.Sent) -> None:
        if commands.is_command(event.text):
            await self.commands.run(event.text)
        else:
            await self.turns.ask(event.text)
        self.show_keys()

    def on_composer_paged(self, event: Composer.Paged) -> None:
        self.transcript.scroll_relative(y=event.pages * max(1, self.transcript.size.height - 2), animate=False)

    def on_transcript_typed(self, event: Transcript.Typed) -> None:
        self.composer.focus()
        self.composer.insert(event.text)

    def on_source_opened(self, event: Source.Opened) -> None:
        if self.workspace is not None:
            self.bridge.read(self.workspace, event.citation, event.whole)

    def action_leave(self) -> None:
        """Close the passage, else leave the sources, else stop the answer."""
        if self.pane.display:
            self.pane.close()
            self.remove_class("reading")
        elif self.focused is self.composer:
            self.turns.stop()
        self.composer.focus()

    async def action_command(self, text: str) -> None:
        """Run a typed command for a key."""
        if len(self.screen_stack) == 1:
            await self.commands.run(text)

    def show_keys(self) -> None:
        """Name the keys that do something now."""
        if not self.screen_stack:
            return
        choosing = isinstance(self.focused, Source)
        self.hint.show(answering=self.turns.running, reading=self.pane.display, choosing=choosing)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: the chat's commands, past chats, then Textual's own."""
        if self.workspace is not None:
            chats = self.workspace.store.chats(limit=50)
            yield from commands.palette(self.workspace.registry, chats, self.commands.run, self.composer.prefill)
        own = ("Theme", "Keys")
        yield from (command for command in super().get_system_commands(screen) if command.title in own)

    def on_unmount(self) -> None:
        self.bridge.close(self.session)


def run(boot: "Callable[[], Workspace]", chat: str | None = None) -> int:
    """Open the chat in this terminal until the user leaves."""
    app = ChatApp(boot, chat)
    app.run()
    return app.return_code or 0
