"""Typed commands, the palette, and what goes wrong in them."""

import threading

from textual.command import CommandPalette
from textual.content import Content

from assistant.api import AssistantError, Command
from assistant.registry import Offer


def offer(name, chat, usage=""):
    return lambda workspace: workspace.registry.commands.update(
        {name: Offer(Command(name, "does [bold]something[/bold]", usage, chat=chat), "test")}
    )


class TestPluginCommands:
    async def test_answer_is_shown_as_markdown_and_markup_stays_text(self, open_chat):
        async with open_chat(
            prepare=offer("count", lambda chat, words: f"**{len(words.split())}** [red]words[/red]")
        ) as chat:
            await chat.type("/count one two three")
            await chat.until(lambda: "**3** [red]words[/red]" in chat.notes)

    async def test_error_is_shown_with_its_hint(self, open_chat):
        def refuse(chat, words):
            raise AssistantError("The shelf is locked.", "Ask for the key.")

        async with open_chat(prepare=offer("shelf", refuse)) as chat:
            await chat.type("/shelf")
            await chat.until(lambda: "The shelf is locked.\n  Ask for the key." in chat.notes)

    async def test_crash_of_a_plugin_leaves_the_chat_alive(self, open_chat):
        async with open_chat(prepare=offer("crash", lambda chat, words: 1 / 0)) as chat:
            await chat.type("/crash")
            await chat.until(lambda: "ZeroDivisionError" in chat.notes)
            await chat.ask("still there?")
            assert chat.answers == ["still there?"]

    async def test_progress_is_in_the_status_line_until_it_ends(self, open_chat):
        gate = threading.Event()

        def slow(chat, words):
            chat.progress("3 of 10 files")
            assert gate.wait(20)
            return "done"

        async with open_chat(prepare=offer("slow", slow)) as chat:
            await chat.type("/slow")
            await chat.until(lambda: "3 of 10 files" in chat.app.status.line())
            gate.set()
            await chat.until(lambda: "done" in chat.notes and "files" not in chat.app.status.line())


class TestTypedCommands:
    async def test_unknown_command_goes_back_to_the_composer(self, open_chat):
        async with open_chat() as chat:
            await chat.type("/hepl me")
            await chat.until(lambda: "Did you mean 'help'?" in chat.notes)
            assert chat.app.composer.text == "/hepl me"

    async def test_chat_is_not_left_while_an_answer_is_written(self, open_chat, slow_model):
        async with open_chat(model=slow_model) as chat:
            await chat.type("word " * 3000)
            await chat.until(lambda: chat.answers != [])
            await chat.press("ctrl+n")
            await chat.until(lambda: "Stop it first with Esc." in chat.notes)
            await chat.type("/stop")
            await chat.until(lambda: chat.app.status.activity == "stopped")

    async def test_open_without_a_chat_says_how(self, open_chat):
        async with open_chat() as chat:
            await chat.type("/open")
            await chat.until(lambda: "Write /open ID" in chat.notes)

    async def test_quit_leaves(self, open_chat):
        async with open_chat() as chat:
            await chat.type("/quit")
            await chat.until(lambda: not chat.app.is_running)
            assert not chat.app.return_code


class TestPalette:
    async def test_offers_commands_and_chats_with_their_brackets(self, open_chat):
        async with open_chat(prepare=offer("count", lambda chat, words: "", "[WORDS]")) as chat:
            await chat.ask("about the [kettle]")
            offered = chat.app.get_system_commands(chat.app.screen)
            shown = {Content.from_markup(c.title).plain: Content.from_markup(c.help).plain for c in offered}
            assert shown["/count [WORDS]"] == "does [bold]something[/bold]"
            assert "Chat: about the [kettle]" in shown

    async def test_command_runs_from_it(self, open_chat):
        async with open_chat() as chat:
            await chat.press("ctrl+p")
            await chat.until(lambda: isinstance(chat.app.screen, CommandPalette))
            await chat.press(*"/help")
            await chat.until(lambda: chat.app.screen.query("OptionList").first().option_count > 0)
            await chat.press("enter")
            await chat.until(lambda: "Begin a new chat" in chat.notes)

    async def test_command_with_words_goes_to_the_composer(self, open_chat):
        async with open_chat() as chat:
            [run] = [c.callback for c in chat.app.get_system_commands(chat.app.screen) if c.title == "/open ID"]
            run()
            assert chat.app.composer.text == "/open "
