"""The chat through Textual's pilot, with the echo model."""

import threading

import pytest
from textual.widgets import Markdown

from assistant.api import EngineDied, ModelSource, Text
from assistant.cli.compose import Program
from assistant.config import set_value
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer
from assistant.tui.app import ChatApp
from assistant.tui.widgets.composer import Composer
from assistant.tui.widgets.messages import Answer, Note, Question, Source
from assistant.tui.widgets.passage_pane import PassagePane
from assistant.tui.widgets.status import Status


async def wait_until(pilot, condition):
    for _ in range(200):
        if condition():
            return
        await pilot.pause(0.02)
    raise AssertionError(
        f"it never happened: {notes(pilot.app)!r} {pilot.app.query_one(Status).line()!r} {answers(pilot.app)!r}"
    )


@pytest.fixture
def program(home):
    program = Program()
    set_value(program.folders.config_file, "model.name", "echo")
    yield program
    program.close()


def make(program, chat=None, model=None):
    def boot():
        workspace = program.workspace
        if model is not None:
            workspace.registry.models["echo"] = Offer(ModelSource("echo", open=lambda: model), "test")
        return workspace

    return ChatApp(boot, chat)


def notes(app):
    return "\n".join(str(note.render()) for note in app.query(Note))


def answers(app):
    return [markdown.source for markdown in app.query(".answer Markdown").results(Markdown)]


async def ready(pilot):
    await wait_until(pilot, lambda: pilot.app.query_one(Status).activity == "ready")


async def ask(pilot, text):
    pilot.app.query_one(Composer).text = text
    await pilot.press("enter")


class TestStart:
    async def test_keys_are_taken_before_the_program_is_up(self, program):
        gate = threading.Event()

        def boot():
            assert gate.wait(20)
            return program.workspace

        app = ChatApp(boot)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("h", "i", "enter")
            assert app.workspace is None
            gate.set()
            await wait_until(pilot, lambda: answers(app) == ["hi"])

    async def test_program_that_cannot_start_says_why(self, home):
        home.joinpath("config").mkdir(parents=True)
        home.joinpath("config/config.toml").write_text("[modl]")
        program = Program()
        app = make(program)
        async with app.run_test() as pilot:
            await wait_until(pilot, lambda: "Did you mean model" in notes(app))


class TestAsking:
    async def test_answer_streams_and_is_stored(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "**bold** and [red]not markup[/red]")
            await wait_until(pilot, lambda: answers(app) == ["**bold** and [red]not markup[/red]"])
            assert "[red]" in str(app.query_one(Question).render())
            await ready(pilot)
        assert program.workspace.store.thread(app.session.id)[1].status == "complete"

    async def test_escape_stops_and_keeps_the_text(self, program):
        app = make(program, model=EchoModel(pause=0.01))
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, " ".join(f"w{i}" for i in range(2000)))
            await wait_until(pilot, lambda: bool(app.query(Answer)))
            await pilot.press("escape", "escape")
            await wait_until(pilot, lambda: app.query_one(Status).activity == "stopped")
            assert answers(app)[0].startswith("w0 w1")
            assert app.is_running
        assert program.workspace.store.thread(app.session.id)[1].status == "partial"

    async def test_questions_typed_meanwhile_wait_in_line(self, program):
        app = make(program, model=EchoModel(pause=0.01))
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "first " * 3000)
            await wait_until(pilot, lambda: bool(app.query(Answer)))
            await ask(pilot, "second")
            await wait_until(pilot, lambda: "(+1 queued)" in app.query_one(Status).line())
            await pilot.press("escape")
            await wait_until(pilot, lambda: answers(app)[-1:] == ["second"])

    async def test_dead_engine_is_said_and_the_next_question_works(self, program):
        class Dying(EchoModel):
            died = False

            def generate(self, request):
                if not self.died:
                    self.died = True
                    yield Text("half ")
                    raise EngineDied("The process that holds the model ended: killed by SIGKILL.", "Ask again.")
                yield from super().generate(request)

        app = make(program, model=Dying())
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "hello")
            await wait_until(pilot, lambda: "SIGKILL" in notes(app))
            await ask(pilot, "again")
            await wait_until(pilot, lambda: answers(app)[-1:] == ["again"])


class TestComposer:
    async def test_new_lines_and_growth(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            composer = app.query_one(Composer)
            await pilot.press("a", "ctrl+j", "b", "shift+enter", "c", "alt+enter", "d")
            assert composer.text == "a\nb\nc\nd"
            await pilot.pause()
            assert composer.size.height >= 4

    async def test_up_recalls_and_down_brings_the_draft_back(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "one")
            await ask(pilot, "two")
            composer = app.query_one(Composer)
            composer.text = "draft"
            await pilot.press("home", "up")
            assert composer.text == "two"
            await pilot.press("up")
            assert composer.text == "one"
            await pilot.press("down", "down")
            assert composer.text == "draft"


class TestCommands:
    async def test_help_lists_the_plugins_commands_too(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "/help")
            await wait_until(pilot, lambda: "/lora" in notes(app) and "/kb" in notes(app) and "/new" in notes(app))

    async def test_unknown_command_is_named_with_a_suggestion(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "/hepl")
            await wait_until(pilot, lambda: "Did you mean 'help'" in notes(app))

    async def test_reopening_a_chat_shows_it(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "remember the kettle")
            await wait_until(pilot, lambda: answers(app) == ["remember the kettle"])
            await ready(pilot)
            await ask(pilot, "/new")
            await wait_until(pilot, lambda: answers(app) == [])
            await pilot.press("ctrl+s")
            await wait_until(pilot, lambda: len(app.screen_stack) == 2)
            await pilot.press(*"kettle")
            await pilot.press("enter", "enter")
            await wait_until(pilot, lambda: answers(app) == ["remember the kettle"])

    async def test_model_is_switched(self, program, tmp_path):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "/model nothing-like-it")
            await wait_until(pilot, lambda: "no model named" in notes(app))
            await ask(pilot, "/model echo")
            await wait_until(pilot, lambda: "echo answers from now on" in notes(app))


class TestSources:
    async def test_enter_on_a_source_opens_the_passage(self, program, tmp_path):
        note = tmp_path / "relay.md"
        note.write_text("# Relay\n\nThe beacon of the Zanthar relay is violet.\n")
        from click.testing import CliRunner

        from assistant.cli.main import cli

        set_value(program.folders.config_file, "plugin.rag.embedder", "/nowhere")
        assert CliRunner().invoke(cli, ["kb", "add", str(note)], obj=Program(notify=lambda text: None)).exit_code == 0
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "What colour is the beacon of the Zanthar relay?")
            await wait_until(pilot, lambda: bool(app.query(Source)))
            app.query(Source).first().focus()
            await pilot.press("enter")
            pane = app.query_one(PassagePane)
            await wait_until(pilot, lambda: pane.display)
            assert "violet" in str(pane.query_one("#passage-text").render())
            await pilot.press("escape")
            assert not pane.display


class TestHostileText:
    async def test_escapes_and_overrides_do_not_reach_the_screen(self, program):
        app = make(program)
        async with app.run_test(size=(80, 24)) as pilot:
            await ready(pilot)
            await ask(pilot, "a\x1b]0;title\x07b\x1b[31mc\u202ed")
            await wait_until(pilot, lambda: bool(answers(app)) and app.query_one(Status).activity == "ready")
            shown = answers(app)[0] + str(app.query_one(Question).render())
            assert "\x1b" not in shown
            assert "\u202e" not in shown
            assert answers(app)[0] == "abcd"

    async def test_twenty_columns(self, program):
        app = make(program)
        async with app.run_test(size=(20, 10)) as pilot:
            await ready(pilot)
            await ask(pilot, "hello | world\n```\ncode\n```")
            await wait_until(pilot, lambda: bool(answers(app)))
            await pilot.press("ctrl+s", "escape", "f1")
            assert app.is_running
