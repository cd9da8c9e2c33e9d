"""The conformance checks find what they are there to find."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from assistant.api import Block, Document, Found, NotFound, Passage
from assistant.knowledge.conformance import check_document, check_source

TEXT = "The key hangs in the pantry."


class Notes:
    """A source of one passage, with a fault on demand."""

    name = "notes"

    def __init__(self, passage: Passage, lenient: bool = False) -> None:
        self.passage = passage
        self.lenient = lenient

    def collections(self) -> Sequence[str]:
        return ["default"]

    def search(self, query: str, *, collections: Sequence[str] = (), k: int = 10) -> Found:
        if not self.lenient and not set(collections) <= {"default"}:
            raise NotFound("No such collection.")
        return Found((self.passage,))

    def surroundings(self, ref: str, chars: int = 1200) -> tuple[str, str]:
        return "", ""


GOOD = Passage("notes:1", "default", "/a.md", TEXT, TEXT, 0, len(TEXT), None, 1, 1)


def test_a_good_source_and_a_good_document_pass() -> None:
    check_source(Notes(GOOD), "key")
    check_document(Document(TEXT, (Block(0, len(TEXT)),)))


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (Notes(replace(GOOD, char_end=3)), "spans 3 characters"),
        (Notes(replace(GOOD, collection="other")), "does not list"),
        (Notes(replace(GOOD, line_end=None)), "one line number"),
        (Notes(GOOD, lenient=True), "unknown collection must raise NotFound"),
    ],
)
def test_a_faulty_source_is_told_what_is_wrong(source: Notes, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_source(source, "key")


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ((Block(0, 99),), "outside the text"),
        ((Block(4, 9), Block(0, 3)), "before the block before it ends"),
        ((Block(3, 4),), "nothing but blanks"),
        ((Block(0, 3, (), 0),), "pages count from 1"),
    ],
)
def test_a_faulty_document_is_told_what_is_wrong(blocks: tuple[Block, ...], sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence):
        check_document(Document(TEXT, blocks))
