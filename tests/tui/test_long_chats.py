"""Chats that do not fit the screen."""

from assistant.tui.widgets.messages import Answer, Question
from assistant.tui.widgets.transcript import PAGE, Earlier


def write_chat(store, turns):
    chat = store.create_chat("long")
    parent = None
    for number in range(turns):
        parent = store.add_message(chat, "user", f"question {number}", parent=parent)
        parent = store.add_message(chat, "assistant", f"answer {number}", parent=parent)
    return chat


class TestLongChat:
    async def test_the_newest_are_mounted_and_older_ones_come_on_request(self, open_chat, program):
        old = write_chat(program.workspace.store, turns=PAGE)
        async with open_chat(old) as chat:
            transcript = chat.app.transcript
            assert chat.answers[-1] == f"answer {PAGE - 1}"
            assert len(chat.app.query(Question)) + len(chat.app.query(Answer)) == PAGE
            await chat.until(lambda: 0 < transcript.max_scroll_y == transcript.scroll_y)
            chat.app.query_one(Earlier).focus()
            await chat.press("enter")
            await chat.until(lambda: len(chat.app.query(Question)) == PAGE)
            assert chat.answers[0] == "answer 0"
            assert not chat.app.query(Earlier)

    async def test_a_reader_who_scrolled_up_is_left_alone(self, open_chat, slow_model):
        async with open_chat(model=slow_model) as chat:
            transcript = chat.app.transcript
            await chat.type("\n\n".join(f"line {i} " + "x " * 20 for i in range(60)))
            await chat.until(lambda: transcript.max_scroll_y > 80)
            assert transcript.scroll_y >= transcript.max_scroll_y - 3
            await chat.press("pageup", "pageup")
            await chat.pilot.pause()
            place, size = transcript.scroll_y, transcript.max_scroll_y
            await chat.until(lambda: transcript.max_scroll_y > size + 4)
            assert transcript.scroll_y == place
            await chat.press("escape")
            await chat.until(lambda: not chat.app.turns.running)
            await chat.ask("next")
            await chat.until(lambda: transcript.scroll_y == transcript.max_scroll_y)
