"""Text on its way to the screen."""

from hypothesis import given
from hypothesis import strategies as st

from assistant.engine.stops import StopFinder
from assistant.engine.vocabulary import TextDecoder


@given(st.text(), st.lists(st.integers(1, 5)))
def test_characters_never_come_in_halves(text, sizes):
    data, decoder, shown = text.encode(), TextDecoder(), ""
    for size in [*sizes, len(data)]:
        shown += decoder.add(data[:size])
        data = data[size:]
        assert text.startswith(shown)
    assert shown + decoder.end() == text


@given(st.binary())
def test_any_bytes_become_text(data):
    decoder = TextDecoder()
    shown = "".join(decoder.add(bytes([byte])) for byte in data) + decoder.end()
    assert shown == data.decode("utf-8", "replace")


@given(st.text("abc"), st.lists(st.text("abc", min_size=1, max_size=4), max_size=3), st.lists(st.integers(1, 3)))
def test_stop_strings_never_flash(text, stops, sizes):
    finder, shown, rest, met = StopFinder(stops), "", text, False
    for size in [*sizes, *[1] * len(text)]:
        if not rest or met:
            break
        more, met = finder.add(rest[:size])
        rest, shown = rest[size:], shown + more
        assert not any(stop in shown for stop in stops)
    shown += "" if met else finder.end()
    assert met == any(stop in text for stop in stops)
    assert text.startswith(shown)
    assert met or shown == text


def test_text_is_not_held_longer_than_it_must_be():
    finder = StopFinder(["</answer>"])
    assert finder.add("Yes. <") == ("Yes. ", False)
    assert finder.add("b>") == ("<b>", False)
    assert finder.add("</answer> and more") == ("", True)
