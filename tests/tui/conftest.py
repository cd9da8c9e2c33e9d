"""The chat, driven through Textual's pilot on the whole program with the echo model."""

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Markdown

from assistant.api import ModelSource
from assistant.config import set_value
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer
from assistant.tui.app import ChatApp
from assistant.tui.widgets.messages import Note, Question, Source


class Driver:
    """What a person does and sees."""

    def __init__(self, app, pilot):
        self.app = app
        self.pilot = pilot
        self.press = pilot.press

    async def until(self, condition):
        for _ in range(400):
            if condition():
                return
            await self.pilot.pause(0.02)
        raise AssertionError(f"it never happened: {self.notes!r} {self.app.status.line()!r} {self.answers!r}")

    async def ready(self):
        await self.until(lambda: self.app.status.activity == "ready")

    async def type(self, text):
        """Type a line and send it."""
        self.app.composer.text = text
        await self.press("enter")

    async def ask(self, text):
        """Ask, and wait until it is answered."""
        count = len(self.app.query(Question))
        await self.type(text)
        await self.until(lambda: len(self.app.query(Question)) > count and not self.app.turns.running)

    @property
    def answers(self):
        return [markdown.source for markdown in self.app.query(".answer Markdown").results(Markdown)]

    @property
    def questions(self):
        return [str(question.render()) for question in self.app.query(Question)]

    @property
    def notes(self):
        plain = [str(note.render()) for note in self.app.query(Note)]
        return "\n".join([*plain, *(report.source for report in self.app.query(".report").results(Markdown))])

    @property
    def sources(self):
        return [str(source.render()) for source in self.app.query(Source)]


@pytest.fixture
def open_chat(program):
    """`async with open_chat() as chat`: the chat at 80x24, ready; `model` answers in place of the echo model."""

    @asynccontextmanager
    async def opened(chat=None, *, model=None, size=(80, 24), prepare=lambda workspace: None):
        set_value(program.folders.config_file, "model.name", "echo")

        def boot():
            workspace = program.workspace
            if model is not None:
                workspace.registry.models["echo"] = Offer(ModelSource("echo", open=lambda: model), "test")
            prepare(workspace)
            return workspace

        app = ChatApp(boot, chat)
        async with app.run_test(size=size) as pilot:
            driver = Driver(app, pilot)
            await driver.ready()
            yield driver

    return opened


@pytest.fixture
def slow_model():
    """The echo model, a hundred words a second."""
    return EchoModel(pause=0.01)
