"""HTML: clean text, and the place in the source it came from."""

import html as entities
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import DocumentError
from assistant.knowledge import chunk
from assistant.knowledge.conformance import check_document
from assistant_plugins.rag.loaders.html import load

PAGE = """<!DOCTYPE html><html><head><title>House &amp; Garden</title><style>p { color: red }</style>
<script>if (a < b) document.write("<p>never</p>")</script><meta name="x" content="not this"></head>
<body class="a>b"><!-- nor <p>this</p> -->
<h1>Keel <em>House</em></h1>
<p>The key hangs behind the&nbsp;blue
   <b>kettle</b>.<br>Fish &amp; chips.</p>
<h2>Rules</h2><ul><li>First<li>Second</ul>
<table><tr><th>Name</th><th>Legs</th></tr><tr><td>Ant</td><td>6</td></tr></table>
<pre>x = 1
  y = 2</pre></body></html>
"""


def test_a_page_becomes_clean_blocks_below_their_headings() -> None:
    document = load(PAGE.encode(), Path("a.html"))
    check_document(document)
    assert document.title == "House & Garden"
    top = ("Keel House",)
    assert [(b.text, b.headings) for b in document.blocks] == [
        ("Keel House", top),
        ("The key hangs behind the\u00a0blue kettle.\nFish & chips.", top),
        ("Rules", (*top, "Rules")),
        ("- First\n- Second", (*top, "Rules")),
        ("Name | Legs\nAnt | 6", (*top, "Rules")),
        ("x = 1\n  y = 2", (*top, "Rules")),
    ]


def test_offsets_and_lines_are_those_of_the_source() -> None:
    document = load(PAGE.encode(), Path("a.html"))
    block = document.blocks[1]
    assert document.text == PAGE
    assert PAGE[block.start : block.end].startswith("The key hangs behind the&nbsp;blue")
    assert PAGE[block.start : block.end].endswith("Fish &amp; chips.")
    piece = next(c for c in chunk(document) if "kettle" in c.text)
    assert "<" not in piece.text
    assert piece.line_end is not None
    assert piece.line_end >= 6


def test_long_text_is_cut_into_pieces_that_keep_their_place() -> None:
    words = " ".join(f"word{i}" for i in range(2000))
    document = load(f"<div>{words}</div>".encode(), Path("a.html"))
    assert all(b.text is not None and len(b.text) <= 800 for b in document.blocks)
    for block in document.blocks:
        assert document.text[block.start : block.end] == block.text
    assert " ".join(b.text or "" for b in document.blocks) == words


def test_the_declared_encoding_counts_unless_the_page_is_utf_8() -> None:
    said = "<meta charset='windows-1252'><p>Größe"
    for encoding in ("cp1252", "utf-8"):
        assert load(said.encode(encoding), Path("a.html")).text == said


@pytest.mark.parametrize("page", ["", "<script>x", "<title>only a title</title>", "<p> &nbsp; </p>"])
def test_a_page_without_text_is_refused(page: str) -> None:
    if page == "<script>x":
        assert load(page.encode(), Path("a.html")).blocks[0].text == "x"
        return
    with pytest.raises(DocumentError, match="no text"):
        load(page.encode(), Path("a.html"))


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["<", "<div>", "<!--", '<a x="', "<script>", "<![", "</", "&", "<b a='>", "<h1>"])
def test_a_megabyte_of_garbage_ends_soon(piece: str) -> None:
    document = load((piece * (1_000_000 // len(piece)) + "<p>end").encode(), Path("a.html"))
    assert document.blocks


@given(
    st.lists(
        st.sampled_from(
            ["<p>", "</p>", "<b>", "<!--", "-->", "<h2>", "</h2>", "<br>", "&lt;", "<a b='", "'>", "word ", "\n"]
        )
    )
)
def test_any_page_gives_blocks_in_order_with_the_words_of_their_source(parts: list[str]) -> None:
    try:
        document = load("".join(parts).encode(), Path("a.html"))
    except DocumentError:
        return
    check_document(document)
    for block in document.blocks:
        source = entities.unescape(document.text[block.start : block.end])
        assert (block.text or "").count("word") <= source.count("word")
