"""Citations: an answer's sentences and the places they rest on."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.api import Passage
from assistant.knowledge import cite

NOTE = (
    "# Keel House\n\nThe spare key for the boathouse hangs behind the blue kettle in the pantry. "
    "Please put it back before nine.\n\nThe dog is called Brisket."
)
ENGINE = "The Zorblatt engine must be cooled with 42 litres of pear juice every Tuesday. Never use water."
WHERE = "Where does the spare key for the boathouse hang?"
JUICE = "How much pear juice does the Zorblatt engine need?"


def passage(text: str, quote: str | None = None, start: int = 500, line: int | None = 10) -> Passage:
    quote = text if quote is None else quote
    last = None if line is None else line + quote.count("\n")
    return Passage("kb:1", "default", "/notes/a.md", text, quote, start, start + len(quote), None, line, last)


BOTH = (passage(NOTE), passage(ENGINE))


def test_an_unmarked_sentence_is_tied_to_the_sentence_and_line_that_say_it() -> None:
    text, cited = cite("The spare key hangs behind the blue kettle in the pantry.", BOTH, WHERE)
    assert text == "The spare key hangs behind the blue kettle in the pantry [1]."
    assert [c.n for c in cited] == [1]
    place = cited[0].passage
    assert place.quote == "The spare key for the boathouse hangs behind the blue kettle in the pantry."
    assert NOTE[place.char_start - 500 : place.char_end - 500] == place.quote == place.text
    assert (place.line_start, place.line_end) == (12, 12)


@pytest.mark.parametrize(
    ("answer", "question", "expected"),
    [
        ("Behind the blue kettle", WHERE, "Behind the blue kettle [1]"),
        ("It needs 42 litres!", JUICE, "It needs 42 litres [2]!"),
        ("Use 42 litres. The dog is Brisket.", "", "Use 42 litres [2]. The dog is Brisket [1]."),
        (
            "- It hangs behind the **blue kettle**.\n- Paris is big.",
            WHERE,
            "- It hangs behind the **blue kettle** [1].\n- Paris is big.",
        ),
    ],
)
def test_sentences_are_marked_before_their_full_stop(answer: str, question: str, expected: str) -> None:
    assert cite(answer, BOTH, question)[0] == expected


@pytest.mark.parametrize(
    ("answer", "question"),
    [
        ("I do not know.", WHERE),
        ("The passages do not mention the blue kettle in the pantry.", WHERE),
        ("The spare key for the boathouse hangs.", WHERE),
        ("The Zorblatt engine needs 43 litres of pear juice.", JUICE),
        ("The Quarzel engine needs pear juice, said Herr Zorblatt to Miss Falken.", ""),
        ("Paris is the capital of France.", "What is the capital of France?"),
        ("Blue.", "What colour does the sky have at noon?"),
        ("Here is where it hangs behind the blue kettle:", WHERE),
        ("```\nbehind the blue kettle in the pantry [1]\n```", WHERE),
        ("", WHERE),
    ],
)
def test_what_no_passage_supports_stays_as_it_is(answer: str, question: str) -> None:
    assert cite(answer, BOTH, question) == (answer, ())


def test_the_models_own_markers_are_kept_and_wrong_numbers_removed() -> None:
    text, cited = cite("Behind the blue kettle [1, 7]. It takes 42 litres. [2] [9] Sure [0].", BOTH, WHERE)
    assert text == "Behind the blue kettle [1]. It takes 42 litres. [2] Sure."
    assert [c.n for c in cited] == [1, 2]
    assert cited[0].passage.line_start == 12
    assert cited[1].passage.quote.startswith("The Zorblatt engine")


def test_several_numbers_in_one_pair_of_brackets_are_written_out() -> None:
    assert cite("Both say so [1, 2].", BOTH)[0] == "Both say so [1][2]."
    assert cite("Both say so [1-2].", BOTH)[0] == "Both say so [1][2]."


def test_a_marker_that_is_the_only_support_keeps_the_whole_passage() -> None:
    _, cited = cite("Certainly [2].", BOTH)
    assert cited[0].passage == BOTH[1]


def test_markers_inside_code_are_left_alone() -> None:
    answer = "Use `rows[1]` here.\n```\nx = y[7]\n```"
    assert cite(answer, BOTH) == (answer, ())


def test_a_clean_text_is_narrowed_only_where_it_stands_in_the_source() -> None:
    clean = "The key hangs behind the kettle. The dog is called Brisket & co."
    page = passage(clean, "<p>The key hangs behind the kettle.</p>\n<p>The dog is called Brisket &amp; co.</p>")
    _, there = cite("It hangs behind the kettle.", [page], "Where does the key hang?")
    assert there[0].passage.quote == "The key hangs behind the kettle."
    assert there[0].passage.char_start == 503
    _, encoded = cite("The dog is Brisket.", [page])
    assert encoded[0].passage == page


def test_the_better_of_two_passages_is_cited() -> None:
    vague = passage("A kettle stood there. It was blue. The pantry was far.")
    assert [c.n for c in cite("The key hangs behind the blue kettle in the pantry.", [vague, BOTH[0]], WHERE)[1]] == [2]


def test_two_sentences_from_two_places_give_one_span() -> None:
    _, cited = cite("It hangs behind the blue kettle. Put it back before nine.", BOTH, WHERE)
    assert cited[0].passage.quote.startswith("The spare key")
    assert cited[0].passage.quote.endswith("before nine.")


def test_a_script_without_spaces_is_cited_too() -> None:
    note = passage("予備の鍵は青いやかんの後ろにあります。犬の名前はポチです。")
    text, cited = cite("青いやかんの後ろにあります。", [note], "予備の鍵はどこですか")
    assert text == "青いやかんの後ろにあります [1]。"
    assert cited[0].passage.quote == "予備の鍵は青いやかんの後ろにあります。"


@given(st.text(alphabet="ab12 .[]`\n|-,A", max_size=200), st.text(alphabet="ab12 .\n\rA", min_size=1, max_size=200))
def test_whatever_is_said_every_marker_resolves_and_every_quote_is_exact(answer: str, source: str) -> None:
    one = passage(source)
    text, cited = cite(answer, [one])
    for citation in cited:
        place = citation.passage
        assert place.quote == source[place.char_start - 500 : place.char_end - 500]
        assert place.line_start is not None
        assert place.line_start == 10 + len(re.findall(r"\r\n|\r|\n", source[: place.char_start - 500]))
        assert f"[{citation.n}]" in text
