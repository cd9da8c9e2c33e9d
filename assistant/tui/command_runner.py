"""Runs typed commands: the chat's own on the screen's thread, the plugins' in a thread of their own."""

from typing import TYPE_CHECKING

from assistant.api import AssistantError, NotFound, UsageError
from assistant.tui import commands
from assistant.tui.screens.chats import ChatsScreen
from assistant.tui.screens.models import ModelsScreen
from assistant.tui.widgets.messages import Answer, Source

if TYPE_CHECKING:
    from assistant.tui.app import ChatApp


class CommandRunner:
    """The commands of one app. Those that need the program wait until it is up."""

    def __init__(self, app: "ChatApp") -> None:
        self._app = app
        self._early: list[str] = []

    async def run(self, text: str) -> None:
        """Run "/name argument"; an error is shown, and the text of an unknown command goes back to the composer."""
        app = self._app
        name, argument = commands.parse(text)
        workspace, session = app.workspace, app.session
        if name == "quit":
            app.exit()
        elif name == "help":
            registry = workspace.registry if workspace is not None else None
            await app.transcript.note(commands.help_text(registry, app.transcript.size.width - 4))
        elif workspace is None or session is None:
            self._early.append(text)
        else:
            try:
                commands.check(name, workspace.registry)
                if name in commands.BUILT_IN:
                    await self._built_in(name, argument)
                elif run := workspace.registry.commands[name].value.chat:
                    app.status.progress = f"/{name} …"
                    app.bridge.run(session, run, argument)
            except AssistantError as error:
                if not app.composer.text and name not in commands.BUILT_IN:
                    app.composer.prefill(text)
                await app.transcript.error(error)

    async def run_early(self) -> None:
        """Run what was typed before the program was up."""
        early, self._early = self._early, []
        for text in early:
            await self.run(text)

    async def _built_in(self, name: str, argument: str) -> None:
        app = self._app
        if name == "stop":
            app.turns.stop()
        elif name == "source":
            self._open_source(argument)
        elif name == "chats":
            self._choose_chat()
        elif name == "model" and not argument:
            self._choose_model()
        elif app.turns.running:
            raise UsageError("An answer is being written.", "Stop it first with Esc.")
        elif name == "model":
            await self._model(argument)
        elif name == "open" and not argument:
            raise UsageError("Which chat?", "Write /open ID, or choose one with /chats.")
        elif app.workspace is not None:
            app.bridge.open(app.workspace, argument if name == "open" else None)

    def _open_source(self, number: str) -> None:
        answers = list(self._app.transcript.query(Answer))
        sources = list(answers[-1].query(Source)) if answers else []
        wanted = [s for s in sources if not number or str(s.citation.n) == number.strip("[]")]
        if not sources:
            raise NotFound("The last answer has no sources.", "Add documents with: /kb add PATH")
        if not wanted:
            numbers = ", ".join(str(source.citation.n) for source in sources)
            raise NotFound(f"The last answer has no source {number!r}.", f"It has: {numbers}.")
        wanted[0].action_open()

    def _choose_chat(self) -> None:
        async def chosen(chat: str | None) -> None:
            if chat:
                await self.run(f"/open {chat}")

        if self._app.workspace is not None:
            self._app.push_screen(ChatsScreen(self._app.workspace.store), chosen)

    def _choose_model(self) -> None:
        async def chosen(name: str | None) -> None:
            if name:
                await self.run(f"/model {name}")

        app = self._app
        if app.workspace is not None and app.session is not None:
            app.workspace.registry.refresh("models")
            app.push_screen(ModelsScreen(app.workspace.models(), app.session.model), chosen)

    async def _model(self, name: str) -> None:
        app = self._app
        if app.workspace is None or app.session is None:
            return
        adapters = app.session.adapters
        app.workspace.registry.refresh("models")
        app.session.use_model(app.workspace.find_model(name))
        app.status.activity = "loading model"
        app.bridge.load(app.session)
        lost = " The adapters are off: they were made for the other model." if adapters != app.session.adapters else ""
        await app.transcript.note(f"{app.session.model} answers from now on.{lost}")
