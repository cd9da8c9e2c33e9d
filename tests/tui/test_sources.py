"""The sources under an answer, and the passage behind each."""

import pytest

from assistant.api import Found, Generated, Passage, Text, Usage
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer
from assistant.tui.widgets.messages import Source

TEXT = "The depot opens early.\nThe beacon of the Zanthar relay is violet.\nIt is lit at dusk.\n"
START = TEXT.index("The beacon")


class Shelf:
    """A knowledge source with one passage, the middle and last line of a short note."""

    name = "shelf"
    silent = False

    def collections(self):
        return ["notes"]

    def search(self, query, *, collections=(), k=10):
        return Found((self.passage(),))

    def surroundings(self, ref, chars=1200):
        if self.silent:
            raise RuntimeError("gone")
        return TEXT[:START], ""

    def passage(self):
        quote = TEXT[START:]
        return Passage(
            "shelf:1",
            "notes",
            "/notes/relay.md",
            quote,
            quote,
            START,
            len(TEXT),
            line_start=2,
            line_end=3,
            heading="Relay",
        )


class Sure(EchoModel):
    """A model that knows one thing."""

    def generate(self, request):
        yield Text("The beacon of the Zanthar relay is violet.")
        yield Generated("end", Usage(), 0.0, 0.0, 0.0)


QUESTION = "What colour is the beacon of the Zanthar relay?"


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def open_library(open_chat, shelf):
    """The chat over that one source, with that model."""

    def put_up(workspace):
        workspace.registry.knowledge.clear()
        workspace.registry.knowledge["shelf"] = Offer(shelf, "test")

    return lambda **options: open_chat(prepare=put_up, model=Sure(), **options)


class TestSources:
    async def test_row_says_file_lines_and_heading(self, open_library):
        async with open_library() as chat:
            await chat.ask(QUESTION)
            assert chat.sources == ["[1] relay.md:2  Relay"]

    async def test_passage_is_shown_in_its_document_with_the_cited_words_marked(self, open_library):
        async with open_library() as chat:
            await chat.ask(QUESTION)
            await chat.press("shift+tab", "enter")
            await chat.until(lambda: chat.app.pane.display)
            shown = chat.app.pane.query_one("#passage-text").render()
            assert str(shown) == TEXT
            marked = [str(shown)[span.start : span.end] for span in shown.spans if span.style.reverse]
            assert marked == ["The beacon of the Zanthar relay is violet."]
            await chat.press("escape")
            assert not chat.app.pane.display
            assert chat.app.focused is chat.app.composer

    async def test_passage_is_shown_though_its_source_is_gone(self, open_library, shelf):
        shelf.silent = True
        async with open_library() as chat:
            await chat.ask(QUESTION)
            await chat.press("shift+tab", "enter")
            await chat.until(lambda: chat.app.pane.display)
            assert str(chat.app.pane.query_one("#passage-text").render()) == TEXT[START:]

    async def test_reopened_chat_has_its_sources(self, open_library):
        async with open_library() as chat:
            await chat.ask(QUESTION)
            await chat.type("/new")
            await chat.until(lambda: not chat.app.query(Source))
            await chat.ready()
            [summary] = chat.app.workspace.store.chats()
            await chat.type(f"/open {summary.id}")
            await chat.until(lambda: chat.sources == ["[1] relay.md:2  Relay"])

    async def test_pane_lies_over_the_transcript_where_it_is_narrow_and_beside_it_where_wide(self, open_library):
        for width, beside in ((80, False), (140, True)):
            async with open_library(size=(width, 24)) as chat:
                await chat.ask(QUESTION)
                await chat.press("shift+tab", "enter")
                await chat.until(lambda chat=chat: chat.app.pane.display)
                await chat.pilot.pause()
                assert chat.app.transcript.display is beside
                assert chat.app.pane.region.right == width
