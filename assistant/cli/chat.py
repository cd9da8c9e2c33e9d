"""Opening the full-screen chat."""

import sys

from assistant.chat.workspace import Workspace
from assistant.cli.compose import Program
from assistant.errors import UsageError


def open_chat(program: Program, chat: str | None = None) -> int:
    """Open the chat in this terminal. Raises `UsageError` where there is no terminal."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("The chat needs a terminal.", "For one answer use: assistant ask QUESTION")
    from assistant.tui.app import run

    def boot() -> Workspace:
        program.expect_engine()
        workspace = program.workspace
        program.notify = lambda text: workspace.notify(text)
        workspace.notices += [f"Plugin {f.plugin} ({f.stage}): {f.message}" for f in workspace.registry.failures]
        return workspace

    return run(boot, chat)
