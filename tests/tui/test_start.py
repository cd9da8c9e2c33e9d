"""The start: paint first, then the program behind it."""

import subprocess
import sys
import threading

from assistant.api import ModelSource
from assistant.config import set_value
from assistant.registry import Offer
from assistant.tui.app import ChatApp
from assistant.tui.widgets.card import Card
from assistant.tui.widgets.messages import Answer, Note

HEAVY = ("llama_cpp", "numpy", "torch", "onnxruntime", "sqlite_vec", "apsw", "sentence_transformers", "jinja2")


class TestFirstPaint:
    async def test_screen_is_there_before_the_program_is_asked_for(self, program):
        painted = []
        done = threading.Event()

        def boot():
            painted.append(app.composer.region.height)
            done.set()
            return program.workspace

        app = ChatApp(boot)
        async with app.run_test(size=(80, 24)) as pilot:
            while not done.is_set():
                await pilot.pause(0.01)
            assert painted == [3]

    def test_nothing_heavy_is_imported_for_it(self):
        code = f"import sys, assistant.tui.app; print([m for m in {HEAVY!r} if m in sys.modules])"
        assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"

    async def test_command_typed_early_waits_for_the_program(self, program):
        gate = threading.Event()

        def boot():
            assert gate.wait(20)
            return program.workspace

        app = ChatApp(boot)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press(*"/kb", "enter")
            gate.set()
            while not app.query(".report"):
                await pilot.pause(0.01)


class TestCard:
    async def test_says_what_is_there_and_goes_with_the_first_question(self, open_chat):
        async with open_chat() as chat:
            card = str(chat.app.query_one(Card).render())
            assert "✓ Model      echo" in card
            await chat.until(lambda: "/kb add PATH" in str(chat.app.query_one(Card).render()))
            await chat.ask("hello")
            assert not chat.app.card.display

    async def test_no_model_is_said_with_what_to_do(self, program):
        def boot():
            program.workspace.registry.models.clear()
            return program.workspace

        app = ChatApp(boot)
        async with app.run_test(size=(80, 24)) as pilot:
            while not app.query(".error"):
                await pilot.pause(0.01)
            assert "assistant models add" in str(app.query_one(Card).render())
            assert "no model on this machine" in str(app.query(Note).first().render())
            app.composer.text = "anyone there?"
            await pilot.press("enter")
            while len(app.query(".error")) < 2:
                await pilot.pause(0.01)
            assert not app.query(Answer)

    async def test_unknown_chat_is_named_and_a_new_one_is_opened(self, program):
        set_value(program.folders.config_file, "model.name", "echo")
        app = ChatApp(lambda: program.workspace, "nosuchchat")
        async with app.run_test(size=(80, 24)) as pilot:
            while not app.query(".error"):
                await pilot.pause(0.01)
            assert "no chat 'nosuchchat'" in str(app.query(".error").first().render())
            assert app.session is not None


class TestModels:
    async def test_picker_switches_the_model(self, open_chat):
        def more(workspace):
            echo = workspace.registry.models["echo"].value
            workspace.registry.refresh = lambda kind: None
            workspace.registry.models["second"] = Offer(ModelSource("second", open=echo.open), "test")

        async with open_chat(prepare=more) as chat:
            await chat.type("/model")
            await chat.until(lambda: len(chat.app.screen_stack) == 2)
            await chat.press("end", "enter")
            await chat.until(lambda: "second answers from now on" in chat.notes)
            await chat.ready()
            await chat.ask("hello")
            assert chat.app.session.messages()[-1].details.model == "second"
