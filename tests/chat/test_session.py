"""One turn, from the question to the stored answer, with the echo model and real SQLite."""

import pytest

from assistant.api import (
    ContextFull,
    EngineDied,
    Found,
    ModelInfo,
    ModelSource,
    NotFound,
    Passage,
    Sampling,
    Text,
)
from assistant.chat.events import Answered, Asked, LeftOut, Restarted, Retrieved
from assistant.chat.schema import MIGRATIONS
from assistant.chat.store import ChatStore
from assistant.chat.workspace import Workspace
from assistant.config import KnowledgeSettings, Settings
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer, Registry
from assistant.storage import open_database

NOTE = "The beacon is violet."


class Notes:
    name = "notes"

    def collections(self):
        return ["notes"]

    def search(self, query, *, collections=(), k=10):
        return Found((Passage("n:1", "notes", "/notes.txt", NOTE, NOTE, 0, len(NOTE), line_start=1, line_end=1),))

    def surroundings(self, ref, chars=1200):
        return "", ""


class Dying(EchoModel):
    """Dies once: before the first word, or after some."""

    def __init__(self, after=0):
        super().__init__()
        self.after, self.deaths = after, 0

    def generate(self, request):
        if not self.deaths:
            self.deaths += 1
            for _ in range(self.after):
                yield Text("word ")
            raise EngineDied("The process that holds the model ended: killed.", "Ask again.")
        yield from super().generate(request)


class Small(EchoModel):
    """A window of 60 words."""

    def load(self):
        return ModelInfo("small", n_ctx=60)


@pytest.fixture
def workspace(tmp_path):
    registry = Registry()
    registry.models["echo"] = Offer(ModelSource("echo", open=EchoModel, starter=True), "test")
    made = Workspace(Settings(), registry, lambda: ChatStore(open_database(tmp_path / "chats.db", MIGRATIONS)))
    yield made
    made.close()


def use(workspace, model):
    workspace.registry.models["echo"] = Offer(ModelSource("echo", open=lambda: model, starter=True), "test")


def reply_of(events):
    return next(event.reply for event in events if isinstance(event, Answered))


class TestTurn:
    def test_question_is_on_disk_before_anything_else(self, workspace):
        session = workspace.open()
        events = session.ask("hello there")
        assert isinstance(next(events), Asked)
        assert [m.text for m in session.messages()] == ["hello there"]
        events.close()

    def test_answer_is_streamed_stored_and_found_again(self, workspace):
        session = workspace.open()
        events = list(session.ask("red green blue"))
        assert "".join(e.text for e in events if isinstance(e, Text)) == "red green blue"
        reopened = workspace.open(session.id)
        question, answer = reopened.messages()
        assert (question.text, answer.text, answer.status) == ("red green blue", "red green blue", "complete")
        assert workspace.store.search("gre")[0].chat == session.id
        assert workspace.store.chats()[0].title == "red green blue"

    def test_follow_up_reuses_what_was_evaluated(self, workspace):
        session = workspace.open()
        list(session.ask("one two three"))
        usage = reply_of(session.ask("four five")).usage
        assert usage.cached_tokens > 0
        assert usage.prompt_tokens == usage.cached_tokens + usage.prompt_tokens_evaluated

    def test_stop_keeps_the_text(self, workspace):
        session = workspace.open()
        seen = []
        for event in session.ask(" ".join(f"w{i}" for i in range(500))):
            if isinstance(event, Text):
                seen.append(event.text)
                if len(seen) == 5:
                    session.stop()
            if isinstance(event, Answered):
                assert event.reply.stop_reason == "stopped"
        answer = session.messages()[-1]
        assert answer.status == "partial"
        assert answer.text.startswith("w0 w1 w2")
        assert len(answer.text.split()) < 500

    def test_front_that_goes_away_leaves_a_partial_answer(self, workspace):
        session = workspace.open()
        events = session.ask("a b c d")
        while not isinstance(next(events), Text):
            pass
        events.close()
        assert session.messages()[-1].status == "partial"
        assert session.messages()[-1].text == "a"


class TestDeadEngine:
    def test_before_the_first_word_it_is_asked_again(self, workspace):
        use(workspace, Dying())
        events = list(workspace.open().ask("hello"))
        assert any(isinstance(e, Restarted) for e in events)
        assert reply_of(events).text == "hello"

    def test_after_some_words_the_text_stays_and_the_next_question_works(self, workspace):
        use(workspace, Dying(after=3))
        session = workspace.open()
        with pytest.raises(EngineDied):
            list(session.ask("hello"))
        answer = session.messages()[-1]
        assert (answer.status, answer.text) == ("partial", "word word word ")
        assert "killed" in answer.details.error
        assert reply_of(session.ask("again")).text == "again"


class TestKnowledge:
    def test_passages_are_sent_stored_and_cited(self, workspace):
        workspace.registry.knowledge["notes"] = Offer(Notes(), "test")
        session = workspace.open()
        events = list(session.ask("What colour is the beacon?"))
        assert next(e for e in events if isinstance(e, Retrieved)).used == 1
        reply = reply_of(events)
        assert NOTE in reply.text
        assert [c.passage.quote for c in reply.citations] == [NOTE]
        stored = session.messages()
        assert NOTE in stored[0].sent
        assert stored[0].text == "What colour is the beacon?"
        assert stored[1].details.passages[0].path == "/notes.txt"

    def test_off_means_nothing_is_looked_up(self, workspace):
        workspace.registry.knowledge["notes"] = Offer(Notes(), "test")
        session = workspace.open()
        session.use_collections(None)
        events = list(session.ask("What colour is the beacon?"))
        assert not any(isinstance(e, Retrieved) for e in events)
        assert reply_of(events).citations == ()

    def test_unknown_collection_is_refused_before_anything_is_stored(self, workspace):
        workspace.registry.knowledge["notes"] = Offer(Notes(), "test")
        session = workspace.open()
        with pytest.raises(NotFound, match="note"):
            session.use_collections(["note"])

    def test_source_that_fails_does_not_prevent_the_answer(self, workspace):
        class Broken(Notes):
            def search(self, query, *, collections=(), k=10):
                raise ValueError("no")

        workspace.registry.knowledge["notes"] = Offer(Broken(), "test")
        assert reply_of(workspace.open().ask("hi")).text == "hi"


class TestFullWindow:
    def test_oldest_turns_are_left_out_visibly_and_stay_left_out(self, workspace):
        use(workspace, Small())
        session = workspace.open(sampling=Sampling(max_tokens=10))
        left = []
        for turn in range(8):
            left += [e.messages for e in session.ask(f"turn {turn} a b c d") if isinstance(e, LeftOut)]
        assert sum(left) > 0
        assert len(left) < 6
        assert len(session.messages()) == 16

    def test_question_that_cannot_fit_is_refused_with_numbers(self, workspace):
        use(workspace, Small())
        session = workspace.open()
        with pytest.raises(ContextFull, match=r"\d+ tokens"):
            list(session.ask("x " * 100))
        assert session.messages()[0].text.startswith("x")

    def test_settings_without_knowledge(self, tmp_path):
        settings = Settings(knowledge=KnowledgeSettings(enabled=False))
        made = Workspace(settings, Registry(), lambda: ChatStore(open_database(tmp_path / "c.db", MIGRATIONS)))
        assert made.open().collections is None
        with pytest.raises(NotFound, match="no model"):
            made.open().load()
