"""Runs typed commands: the chat's own on the screen's thread, the plugins' in a thread of their own."""

from typing import TYPE_CHECKING

from assistant.api import AssistantError
from assistant.tui import commands
from assistant.tui.widgets.status import Status

if TYPE_CHECKING:
    from assistant.tui.app import ChatApp


class CommandRunner:
    """The commands of one app."""

    def __init__(self, app: "ChatApp") -> None:
        self._app = app

    async def run(self, text: str) -> None:
        """Run "/name argument"; errors are shown in the transcript."""
        workspace = self._app.workspace
        if workspace is None:
            return
        name, argument = commands.parse(text)
        try:
            commands.check(name, workspace.registry)
            if name in commands.BUILT_IN:
                await self._built_in(name, argument)
                return
        except AssistantError as error:
            await self._app.fail(error)
            return
        self._app.run_worker(lambda: self._plugin(name, argument), thread=True, exit_on_error=False)

    async def _built_in(self, name: str, argument: str) -> None:
        app = self._app
        if name == "help" and app.workspace is not None:
            await app.say(commands.help_text(app.workspace.registry))
        elif name == "quit":
            app.exit()
        elif name == "stop":
            app.action_stop()
        elif name == "chats":
            app.action_chats()
        elif name in ("new", "open"):
            self._refuse_while_busy()
            await app.open_chat(argument if name == "open" else None)
        elif name == "model":
            await self._model(argument)

    async def _model(self, name: str) -> None:
        app = self._app
        if app.workspace is None or app.session is None:
            return
        if not name:
            rows = [
                f"{'*' if source.name == app.session.model else ' '} {source.name}  {source.description}"
                for source in app.workspace.models()
            ]
            await app.say("\n".join([*rows, "", "Answer with another one: /model NAME"]))
            return
        self._refuse_while_busy()
        app.session.use_model(app.workspace.find_model(name))
        app.set_activity("loading model")
        app.run_worker(app.warm, thread=True, exit_on_error=False)
        await app.say(f"{app.session.model} answers from now on.")

    def _plugin(self, name: str, argument: str) -> None:
        app = self._app
        if app.workspace is None or app.session is None:
            return
        run = app.workspace.registry.commands[name].value.chat
        try:
            text = run(app.session, argument) if run else None
        except AssistantError as error:
            app.hand_over(app.fail, error)
        except Exception as error:  # noqa: BLE001 - a plugin's code
            app.hand_over(app.fail, AssistantError(f"/{name} failed: {type(error).__name__}: {error}"))
        else:
            if text:
                app.hand_over(app.say, text)
        app.hand_over(app.query_one(Status).redraw)

    def _refuse_while_busy(self) -> None:
        if self._app.busy:
            raise AssistantError("An answer is being written.", "Stop it first with Esc.")
