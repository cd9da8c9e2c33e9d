"""Text in any encoding, with offsets into the decoded file."""

import codecs
from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.knowledge import chunk
from assistant.knowledge.conformance import check_document
from assistant_plugins.rag.loaders.text import load

SAYING = "Größe naïve café — “quotes” Ελληνικά кириллица 日本語\r\n\r\nZweite Zeile.\r"


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
        (b"", "utf-16-le"),
        (b"", "utf-16-be"),
        (b"", "utf-32-le"),
        (b"", "utf-32-be"),
    ],
)
def test_unicode_is_read_without_its_mark_and_with_its_line_ends(mark: bytes, encoding: str) -> None:
    document = load(mark + SAYING.encode(encoding), Path("a.txt"))
    assert document.text == SAYING
    check_document(document)
    assert [SAYING[b.start : b.end].strip() for b in document.blocks] == [SAYING.split("\r\n\r\n")[0], "Zweite Zeile."]


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (
            "cp1252",
            "Die Größe der Tür beträgt zwei Meter, sagte die Verkäuferin überrascht. Schöne Grüße aus Köln! " * 3,
        ),
        ("koi8-r", "Широкая электрификация южных губерний даст мощный толчок подъёму сельского хозяйства. " * 3),
        ("shift_jis", "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。" * 3),
    ],
)
def test_older_encodings_are_recognised(encoding: str, text: str) -> None:
    assert load(text.encode(encoding), Path("a.txt")).text == text


@pytest.mark.parametrize(
    "data",
    [b"hello\0world\0" * 20, bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01" + b"\0" * 60, b"\xff\xfe\x00\xd8\x41"],
)
def test_binary_data_is_not_text(data: bytes) -> None:
    with pytest.raises(DocumentError, match="not text"):
        load(data, Path("a.txt"))


@pytest.mark.parametrize("data", [b"", b" \n\t\r\n", codecs.BOM_UTF8])
def test_an_empty_file_has_no_text(data: bytes) -> None:
    with pytest.raises(DocumentError, match="no text"):
        load(data, Path("a.txt"))


def test_lines_count_every_kind_of_line_break() -> None:
    document = load(b"one\r\n\r\ntwo\r\rthree\n\nfour", Path("a.txt"))
    assert [(c.line_start, c.line_end) for c in chunk(document, target=1, limit=5)] == [(1, 1), (3, 3), (5, 5), (7, 7)]


def test_terminal_escapes_are_text_all_the_same() -> None:
    assert "red" in load(b"\x1b]0;title\x07\x1b[31mred\x1b[0m", Path("a.txt")).text
