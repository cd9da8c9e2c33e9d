"""What opens over the chat."""

from textual.command import CommandPalette
from textual.widgets import OptionList

from assistant.tui.screens.models import ModelsScreen


class TestPalette:
    async def test_a_past_chat_is_reopened_from_it(self, open_chat):
        async with open_chat(size=(100, 30)) as chat:
            await chat.ask("about kettles")
            await chat.type("/new")
            await chat.until(lambda: not chat.answers)
            await chat.press("ctrl+p")
            await chat.until(lambda: isinstance(chat.app.screen, CommandPalette))
            await chat.press(*"about kettles")
            options = chat.app.screen.query_one(OptionList)
            await chat.until(lambda: options.option_count == 1)
            await chat.press("enter")
            await chat.until(lambda: chat.answers == ["about kettles"])


class TestModels:
    async def test_the_list_marks_the_one_in_use_and_switches(self, open_chat):
        async with open_chat() as chat:
            await chat.type("/model")
            await chat.until(lambda: isinstance(chat.app.screen, ModelsScreen))
            options = chat.app.screen.query_one(OptionList)
            rows = [str(options.get_option_at_index(i).prompt) for i in range(options.option_count)]
            assert next(row for row in rows if row.startswith("●")).startswith("● echo")
            await chat.press("enter")
            await chat.until(lambda: "echo answers from now on" in chat.notes)


class TestNames:
    async def test_a_path_is_a_question(self, open_chat):
        async with open_chat() as chat:
            await chat.ask("/etc/hosts is what?")
            assert chat.answers == ["/etc/hosts is what?"]

    async def test_a_source_that_is_not_there_is_said(self, open_chat):
        async with open_chat() as chat:
            await chat.type("/source 3")
            await chat.until(lambda: "no sources" in chat.notes)
