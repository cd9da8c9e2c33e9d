"""Chunks: nothing is lost, every place is exact."""

import re

from hypothesis import given
from hypothesis import strategies as st

from assistant.api import Block, Document
from assistant.knowledge.chunks import chunk

WORDS = st.text(alphabet="ab é字.!?\n\r\t ", min_size=0, max_size=400)


def document(parts: list[str], headings: list[tuple[str, ...]] = (), pages: list[int | None] = ()) -> Document:
    text, blocks = "", []
    for number, part in enumerate(parts):
        text += "\n\n" if text else ""
        if part:
            page = pages[number] if number < len(pages) else None
            path = headings[number] if number < len(headings) else ()
            blocks.append(Block(len(text), len(text) + len(part), path, page))
        text += part
    return Document(text, tuple(blocks))


@given(st.lists(st.tuples(WORDS, st.sampled_from([(), ("A",), ("A", "B"), ("C",)]), st.sampled_from([1, 1, 2]))))
def test_every_character_lands_in_a_chunk_at_its_exact_place(parts: list[tuple[str, tuple[str, ...], int]]) -> None:
    made = document([p[0] for p in parts], [p[1] for p in parts], [p[2] for p in parts])
    covered: set[int] = set()
    for piece in chunk(made, target=60, limit=90):
        assert piece.text == made.text[piece.char_start : piece.char_end]
        assert 0 < len(piece.text) <= 90
        lines = re.split(r"\r\n|\r|\n", made.text[: piece.char_start])
        assert piece.line_start == len(lines)
        assert piece.line_end == len(re.split(r"\r\n|\r|\n", made.text[: piece.char_end]))
        covered.update(range(piece.char_start, piece.char_end))
    for block in made.blocks:
        missing = [i for i in range(block.start, block.end) if not made.text[i].isspace() and i not in covered]
        assert not missing


@given(st.lists(st.text(alphabet="xyz. ", min_size=1, max_size=500), min_size=1))
def test_blocks_with_a_text_of_their_own_lose_nothing(texts: list[str]) -> None:
    source = "<>" * len(texts)
    blocks = tuple(Block(2 * i, 2 * i + 2, text=text) for i, text in enumerate(texts))
    read = "".join(piece.text for piece in chunk(Document(source, blocks), target=60, limit=90))
    assert re.sub(r"\s", "", read) == re.sub(r"\s", "", "".join(texts))


def test_a_chunk_stays_on_its_page_and_below_its_heading() -> None:
    long = "A sentence that fills the section. " * 4
    made = document([long, long, long], [("A",), ("B",), ("B",)], [1, 1, 2])
    assert [(c.page, c.heading) for c in chunk(made)] == [(1, "A"), (1, "B"), (2, "B")]


def test_a_short_introduction_joins_the_first_section_below_it() -> None:
    made = document(
        ["# Title", "## Keys", "The key hangs in the pantry."], [("Title",), ("Title", "Keys"), ("Title", "Keys")]
    )
    only = chunk(made)
    assert [c.heading for c in only] == ["Title > Keys"]
    assert only[0].text.endswith("pantry.")


def test_an_oversize_block_is_cut_after_sentences() -> None:
    made = document(["This is one whole sentence. " * 100])
    pieces = chunk(made, target=200, limit=300)
    assert len(pieces) > 10
    assert all(c.text.endswith("sentence.") for c in pieces)


def test_a_document_without_lines_gives_none() -> None:
    made = Document("Page text", (Block(0, 9, (), 3),), lines=False)
    assert [(c.page, c.line_start, c.line_end) for c in chunk(made)] == [(3, None, None)]


def test_every_kind_of_line_break_counts_once() -> None:
    text = "a\r\nb\rc\nd"
    assert [(c.line_start, c.line_end) for c in chunk(Document(text, (Block(7, 8),)))] == [(4, 4)]
