"""Text from models, documents, chats and plugins can neither command the terminal nor hide."""

from click.testing import CliRunner
from textual.command import CommandPalette
from textual.widgets import Markdown, OptionList

from assistant.api import Command, Generated, Text, Usage
from assistant.cli.compose import Program
from assistant.cli.main import cli
from assistant.config import set_value
from assistant.default_plugins.echo_model import EchoModel
from assistant.registry import Offer
from assistant.tui.widgets.messages import Answer
from assistant.tui.widgets.prose import Prose

HOSTILE = "a\x1b]0;title\x07b\x1b[31mc\u202ed\x9be\x08f"
HARMLESS = "abcdef"


class Saying(EchoModel):
    """A model that says one thing, in the given pieces."""

    def __init__(self, *pieces):
        super().__init__()
        self._pieces = pieces

    def generate(self, request):
        yield from map(Text, self._pieces)
        yield Generated("end", Usage(1, 1, 0, len(self._pieces)), 1, 1, 1)


def screen_text(chat):
    """What is on the screen, row by row."""
    return "\n".join(strip.text for strip in chat.app.screen._compositor.render_strips())


class TestModelText:
    async def test_escapes_do_not_come_through_even_in_pieces(self, open_chat):
        pieces = ("a\x1b", "]0;title\x07", "b\x1b[3", "1mc", "\u202e", "d")
        async with open_chat(model=Saying(*pieces)) as chat:
            await chat.ask("?")
            assert not any(c in chat.answers[0] for c in "\x1b\x07\u202e")
            assert "\x1b" not in screen_text(chat)

    async def test_markup_is_shown_as_it_is_written(self, open_chat):
        async with open_chat() as chat:
            await chat.ask("[bold]x[/bold] [@click=app.quit]y[/] [/nonsense]")
            assert screen_text(chat).count("[@click=app.quit]y[/] [/nonsense]") == 2
            assert chat.app.is_running

    async def test_html_is_not_hidden(self, open_chat):
        html = "before\n\n<script>alert('x')</script>\n\n<!-- secret -->\n\nand <b>inline</b>"
        async with open_chat(model=Saying(html)) as chat:
            await chat.ask("?")
            text = screen_text(chat)
            assert "<script>alert('x')</script>" in text
            assert "<!-- secret -->" in text
            assert "<b>inline</b>" in text

    async def test_a_link_is_named_and_not_opened(self, open_chat, monkeypatch):
        opened = []
        async with open_chat(model=Saying("[click](https://example.invalid/x)")) as chat:
            monkeypatch.setattr(chat.app, "open_url", lambda *words, **_: opened.append(words))
            await chat.ask("?")
            prose = chat.app.query_one(Answer).query_one(Prose)
            prose.post_message(Markdown.LinkClicked(prose, "https://example.invalid/[x]"))
            await chat.until(lambda: len(chat.app._notifications) == 1)
            assert next(iter(chat.app._notifications)).message == "https://example.invalid/[x]"
        assert opened == []


class TestOtherText:
    async def test_a_question_is_never_markdown_nor_markup(self, open_chat):
        async with open_chat() as chat:
            await chat.ask(HOSTILE + " # not a heading [red]")
            assert chat.questions == [f"{HARMLESS} # not a heading [red]"]

    async def test_titles_of_chats_are_harmless_in_the_list_and_the_palette(self, open_chat, program):
        store = program.workspace.store
        store.add_message(store.create_chat(), "user", "[red]title[/nonsense] " + HOSTILE, parent=None)
        async with open_chat(size=(100, 30)) as chat:
            await chat.press("ctrl+s")
            await chat.until(lambda: f"[red]title[/nonsense] {HARMLESS}" in screen_text(chat))
            await chat.press(*"title")
            await chat.until(lambda: chat.app.screen.query_one(OptionList).option_count == 1)
            assert "\x1b" not in screen_text(chat)
            await chat.press("escape", "ctrl+p")
            await chat.until(lambda: isinstance(chat.app.screen, CommandPalette))
            await chat.press(*"title")
            await chat.until(lambda: "[red]title[/nonsense]" in screen_text(chat))

    async def test_a_command_of_a_plugin_says_nothing_dangerous(self, open_chat):
        command = Command("evil", "[/x] " + HOSTILE, usage="[/y]", chat=lambda chat, argument: HOSTILE + argument)

        def prepare(workspace):
            workspace.registry.commands["evil"] = Offer(command, "test")

        async with open_chat(size=(80, 30), prepare=prepare) as chat:
            await chat.type("/evil [/z]")
            await chat.until(lambda: f"{HARMLESS}[/z]" in chat.notes)
            await chat.type("/help")
            await chat.until(lambda: "/evil [/y]" in chat.notes)
            assert "\x1b" not in screen_text(chat)

    async def test_a_document_and_its_name_are_harmless_in_sources_and_passage(self, open_chat, program, tmp_path):
        note = tmp_path / "relay [red]\x1b[31m.md"
        note.write_text("# Relay [/x]\n\nThe beacon of the \u202eZanthar\x1b[2J relay is violet.\n")
        set_value(program.folders.config_file, "plugin.rag.embedder", "/nowhere")
        quiet = Program(notify=lambda text: None)
        assert CliRunner().invoke(cli, ["kb", "add", str(note)], obj=quiet).exit_code == 0
        quiet.close()
        async with open_chat() as chat:
            await chat.ask("What colour is the beacon of the relay?")
            assert "relay [red].md" in chat.sources[0]
            await chat.press("ctrl+o")
            await chat.until(lambda: chat.app.pane.display)
            text = screen_text(chat)
            assert "violet" in text
            assert "\x1b" not in text
            assert "\u202e" not in text
