"""What goes wrong while an answer is made: it is said in the chat, the question stays, and the next one works."""

import threading

from assistant.api import EngineDied, KnowledgeError, ModelError, Text
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer


class Faulty(EchoModel):
    """Says something, then raises each of its faults once."""

    def __init__(self, *faults, words=""):
        super().__init__()
        self._faults = list(faults)
        self._words = words

    def generate(self, request):
        if self._faults:
            if self._words:
                yield Text(self._words)
            raise self._faults.pop(0)
        yield from super().generate(request)


class TestEngine:
    async def test_death_before_the_first_word_is_noted_and_the_question_answered(self, open_chat):
        async with open_chat(model=Faulty(EngineDied("The engine ended: killed by SIGKILL.", "Ask again."))) as chat:
            await chat.ask("hello")
            assert "SIGKILL. It was started again." in chat.notes
            assert chat.answers == ["hello"]

    async def test_death_within_an_answer_keeps_its_text(self, open_chat):
        model = Faulty(EngineDied("The engine ended: killed by SIGKILL.", "Ask again."), words="half an")
        async with open_chat(model=model) as chat:
            await chat.ask("hello")
            assert chat.questions == ["hello"]
            assert chat.answers == ["half an"]
            assert str(chat.app.query_one(".mark").render()) == "✗ broken off"
            assert "SIGKILL.\n  Ask again." in chat.notes
            await chat.ask("again")
            assert chat.answers == ["half an", "again"]

    async def test_fault_of_a_models_own_code_is_a_sentence(self, open_chat):
        async with open_chat(model=Faulty(ValueError("no such tensor"))) as chat:
            await chat.ask("hello")
            assert "ValueError: no such tensor" in chat.notes
            await chat.ask("again")
            assert chat.answers[-1] == "again"

    async def test_model_that_cannot_be_loaded_can_be_changed(self, open_chat):
        class Unloadable(EchoModel):
            def load(self):
                raise ModelError("The model file is cut short.", "Download it again.")

        def broken(workspace):
            workspace.registry.refresh = lambda kind: None
            workspace.registry.models["broken"] = Offer(
                workspace.registry.models["echo"].value.__class__("broken", open=Unloadable), "test"
            )

        async with open_chat(prepare=broken) as chat:
            await chat.type("/model broken")
            await chat.until(lambda: "cut short.\n  Download it again." in chat.notes)
            await chat.until(lambda: chat.app.status.activity == "not ready")
            await chat.type("/model echo")
            await chat.ready()
            await chat.ask("hello")
            assert chat.answers == ["hello"]


class TestKnowledge:
    async def test_source_that_fails_is_noted_and_the_question_answered(self, open_chat):
        class Torn:
            name = "shelf"

            def collections(self):
                return ["notes"]

            def search(self, query, *, collections=(), k=10):
                raise KnowledgeError("The shelf is torn.", "Mend it.")

        def put_up(workspace):
            workspace.registry.knowledge["shelf"] = Offer(Torn(), "test")

        async with open_chat(prepare=put_up) as chat:
            await chat.ask("hello")
            assert "The shelf is torn." in chat.notes
            assert chat.answers == ["hello"]


class TestQueue:
    async def test_questions_asked_meanwhile_are_answered_in_order(self, open_chat):
        gate = threading.Event()

        class Patient(EchoModel):
            def generate(self, request):
                assert gate.wait(20)
                yield from super().generate(request)

        async with open_chat(model=Patient()) as chat:
            for question in ("one", "two", "three"):
                await chat.type(question)
            await chat.until(lambda: "(+2 queued)" in chat.app.status.line())
            gate.set()
            await chat.until(lambda: chat.answers == ["one", "two", "three"])
            await chat.ready()
            assert "queued" not in chat.app.status.line()
