"""What the keys of real terminals do in the composer."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from assistant.tui.keys import NEW_LINE, tell_apart

SEQUENCES = {
    "Ctrl+J": "\n",
    "Alt+Enter": "\x1b\r",
    "Shift+Enter, kitty": "\x1b[13;2u",
    "Alt+Enter, kitty": "\x1b[13;3u",
    "Ctrl+Enter, kitty": "\x1b[13;5u",
    "Shift+Enter, xterm": "\x1b[27;2;13~",
    "Alt+Enter, xterm": "\x1b[27;3;13~",
    "Ctrl+Enter, xterm": "\x1b[27;5;13~",
}


def keys_of(sequence):
    return [event.key for event in XTermParser().feed(sequence) if isinstance(event, events.Key)]


class TestNewLine:
    @pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES.keys())
    def test_terminals_have_many_ways_to_say_it(self, sequence):
        tell_apart()
        keys = keys_of(sequence)
        assert len(keys) == 1
        assert keys[0] in NEW_LINE

    def test_enter_alone_is_not_one(self):
        assert keys_of("\r") == ["enter"]
        assert "enter" not in NEW_LINE

    async def test_every_such_key_breaks_the_line_at_the_cursor(self, open_chat):
        async with open_chat() as chat:
            composer = chat.app.composer
            for key in sorted(NEW_LINE):
                composer.text = "ab"
                composer.move_cursor((0, 1))
                composer.post_message(events.Key(key, None))
                await chat.until(lambda: composer.text != "ab")
                assert composer.text == "a\nb", key


class TestComposer:
    async def test_a_paste_of_many_lines_is_one_question(self, open_chat):
        async with open_chat() as chat:
            composer = chat.app.composer
            chat.app.post_message(events.Paste("one\r\ntwo\rthree\x1b[2J"))
            await chat.until(lambda: bool(composer.text))
            await chat.pilot.pause()
            assert composer.text == "one\ntwo\nthree"
            await chat.press("enter")
            await chat.until(lambda: chat.answers == ["one\ntwo\nthree"])

    async def test_it_grows_to_ten_lines_and_no_further(self, open_chat):
        async with open_chat(size=(80, 40)) as chat:
            composer = chat.app.composer
            for lines, height in ((1, 1), (6, 6), (10, 10), (30, 10)):
                composer.text = "\n".join("x" * lines)
                await chat.until(lambda height=height: composer.content_size.height == height)

    async def test_an_empty_line_is_not_sent(self, open_chat):
        async with open_chat() as chat:
            await chat.press("space", "enter", "h", "i", "enter")
            await chat.until(lambda: chat.answers == ["hi"])
