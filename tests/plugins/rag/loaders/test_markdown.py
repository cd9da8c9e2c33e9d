"""Markdown: headings with their path, and blocks that are not cut apart."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import DocumentError
from assistant.knowledge import chunk
from assistant.knowledge.conformance import check_document
from assistant_plugins.rag.loaders.markdown import load

NOTE = """---
title: "House rules"
tags: [a, b]
---

# The **house** [rules](rules.md)

Intro text
in two lines.

Keys
----

- one

- two
  more

```python
# no heading

x = 1
```

| a | b |
|---|---|
| 1 | 2 |

## Wi-Fi ##
heron-lantern
# Next
"""


def test_each_block_knows_its_headings() -> None:
    document = load(NOTE.encode(), Path("a.md"))
    check_document(document)
    assert document.title == "House rules"
    house = "The house rules"
    assert [(document.text[b.start : b.end].strip().split("\n")[0], b.headings) for b in document.blocks] == [
        ("---", ()),
        ("# The **house** [rules](rules.md)", (house,)),
        ("Intro text", (house,)),
        ("Keys", (house, "Keys")),
        ("- one", (house, "Keys")),
        ("- two", (house, "Keys")),
        ("```python", (house, "Keys")),
        ("| a | b |", (house, "Keys")),
        ("## Wi-Fi ##", (house, "Wi-Fi")),
        ("heron-lantern", (house, "Wi-Fi")),
        ("# Next", ("Next",)),
    ]


def test_a_fact_is_found_at_its_line_and_heading() -> None:
    piece = next(c for c in chunk(load(NOTE.encode(), Path("a.md"))) if "heron" in c.text)
    assert piece.heading == "The house rules > Wi-Fi"
    lines = NOTE.split("\n")
    assert piece.line_start == lines.index("## Wi-Fi ##") + 1
    assert piece.line_end == lines.index("heron-lantern") + 1


def test_the_first_heading_names_a_note_without_front_matter_and_the_file_one_without_headings() -> None:
    assert load(b"# Plans\n\ntext", Path("a.md")).title == "Plans"
    assert load(b"text", Path("notes.md")).title == "notes"


def test_front_matter_is_never_evaluated() -> None:
    bomb = "---\na: &a [x,x]\nb: &b [*a,*a]\n---\ntext"
    assert load(bomb.encode(), Path("a.md")).text == bomb


def test_a_fence_that_never_ends_is_one_block() -> None:
    assert len(load(b"```\na\n\nb\n# c\n", Path("a.md")).blocks) == 1


@given(st.text(alphabet="#-`=|\n\r *a1.~", max_size=200))
def test_any_text_keeps_every_character(text: str) -> None:
    try:
        document = load(text.encode(), Path("a.md"))
    except DocumentError:
        return
    check_document(document)
    covered = {i for b in document.blocks for i in range(b.start, b.end)}
    lost = "".join(c for i, c in enumerate(text) if i not in covered and not c.isspace())
    assert set(lost) <= {"-", "."}


def test_terminal_escapes_do_not_reach_titles() -> None:
    assert load(b"# \x1b[31mred\x07 \xe2\x80\xaealert", Path("a.md")).title == "[31mred alert"
