"""Checks that any document loader or knowledge source must pass; a plugin's own tests call them."""

from assistant.api.knowledge import Document, KnowledgeSource, Passage
from assistant.errors import NotFound
from assistant.knowledge.chunks import chunk


def check_document(document: Document) -> None:
    """Assert that blocks lie inside the text, in order and apart, and that chunks of it lose nothing.

    Raises `AssertionError` with a sentence about the first thing that is wrong.
    """
    end = 0
    for number, block in enumerate(document.blocks, start=1):
        where = f"Block {number} ({block.start}:{block.end})"
        assert 0 <= block.start < block.end <= len(document.text), f"{where} is empty or lies outside the text."
        assert block.start >= end, f"{where} begins before the block before it ends ({end})."
        assert block.page is None or block.page >= 1, f"{where} has page {block.page}; pages count from 1."
        assert all(heading.strip() for heading in block.headings), f"{where} has a blank heading."
        read = document.text[block.start : block.end] if block.text is None else block.text
        assert read.strip(), f"{where} holds nothing but blanks."
        end = block.end
    lines = document.text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1
    for piece in chunk(document):
        where = f"The chunk at {piece.char_start}:{piece.char_end}"
        assert piece.text.strip(), f"{where} holds nothing but blanks."
        assert (piece.line_start is not None) == document.lines, f"{where} has lines where the document has none."
        if piece.line_start is not None and piece.line_end is not None:
            assert 1 <= piece.line_start <= piece.line_end <= lines, f"{where} has lines outside the file."


def check_source(source: KnowledgeSource, query: str) -> None:
    """Assert that a source answers a query it has an answer for as `KnowledgeSource` promises.

    Raises `AssertionError` with a sentence about the first thing that is wrong.
    """
    assert source.name.strip(), "The source has no name."
    collections = list(source.collections())
    assert collections, "The source has no collection: add something before checking it."
    found = source.search(query, k=5).passages
    assert found, f"The source found nothing for {query!r}."
    assert len(found) <= 5, f"Asked for 5 passages, the source gave {len(found)}."
    scores = [passage.score for passage in found]
    assert scores == sorted(scores, reverse=True), "The passages do not come best first."
    assert len({passage.ref for passage in found}) == len(found), "A passage came twice."
    for passage in found:
        _check_passage(source, passage, collections)
    assert len(source.search(query, k=1).passages) == 1, "Asked for 1 passage, the source did not give 1."
    chosen = found[0].collection
    only = source.search(query, collections=[chosen], k=5).passages
    assert {p.collection for p in only} == {chosen}, f"A search in {chosen!r} found passages of another collection."
    unknown = "no collection of this name"
    try:
        source.search(query, collections=[unknown])
    except NotFound:
        return
    raise AssertionError("A search in an unknown collection must raise NotFound.")


def _check_passage(source: KnowledgeSource, passage: Passage, collections: list[str]) -> None:
    where = f"The passage {passage.ref!r}"
    assert passage.ref, "A passage has no ref."
    assert passage.text.strip(), f"{where} has no text."
    assert passage.collection in collections, f"{where} is in {passage.collection!r}, which the source does not list."
    length = passage.char_end - passage.char_start
    assert passage.char_start >= 0, f"{where} begins before its document."
    assert length == len(passage.quote), f"{where} spans {length} characters and quotes {len(passage.quote)}."
    assert passage.page is None or passage.page >= 1, f"{where} has page {passage.page}; pages count from 1."
    assert (passage.line_start is None) == (passage.line_end is None), f"{where} has one line number without the other."
    if passage.line_start is not None and passage.line_end is not None:
        assert 1 <= passage.line_start <= passage.line_end, f"{where} has lines out of order."
    before, after = source.surroundings(passage.ref, chars=50)
    assert len(before) <= 50, f"{where} was given more than 50 characters of surroundings before it."
    assert len(after) <= 50, f"{where} was given more than 50 characters of surroundings after it."
