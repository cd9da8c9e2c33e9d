"""DOCX: what Word shows as text, and archives that are refused before a parser sees them."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import docx
import pytest

from assistant.errors import DocumentError
from assistant.knowledge import chunk
from assistant.knowledge.conformance import check_document
from assistant_plugins.rag.loaders.docx import load


def letter() -> bytes:
    """A letter with headings, a list and a table."""
    made = docx.Document()
    made.core_properties.title = "Letter"
    made.add_heading("House", 1)
    made.add_paragraph("The key hangs in the pantry.")
    made.add_heading("Rules", 2)
    made.add_paragraph("Be quiet", style="List Bullet")
    made.add_paragraph("Be kind", style="List Bullet")
    table = made.add_table(rows=2, cols=2)
    for row, values in zip(table.rows, [("Name", "Legs"), ("Ant", "6")], strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = value
    made.add_paragraph("After the table.")
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def changed(change: Callable[[dict[str, bytes]], None]) -> bytes:
    """The letter with parts of its archive changed."""
    with zipfile.ZipFile(io.BytesIO(letter())) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return file.getvalue()


def test_headings_lists_and_tables_are_read_in_order() -> None:
    document = load(letter(), Path("a.docx"))
    check_document(document)
    assert document.title == "Letter"
    assert not document.lines
    assert document.text == (
        "House\n\nThe key hangs in the pantry.\n\nRules\n\n- Be quiet\n- Be kind\n\n"
        "Name | Legs\nAnt | 6\n\nAfter the table."
    )
    assert [b.headings for b in document.blocks][1:3] == [("House",), ("House", "Rules")]
    assert {c.line_start for c in chunk(document)} == {None}


def entity(parts: dict[str, bytes]) -> None:
    body = parts["word/document.xml"]
    parts["word/document.xml"] = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + body.partition(b"?>")[2]


def traversal(parts: dict[str, bytes]) -> None:
    parts["../../evil.xml"] = b"<a/>"


def bomb(parts: dict[str, bytes]) -> None:
    parts["word/media/big.bin"] = b"\0" * 20_000_000


def damaged(parts: dict[str, bytes]) -> None:
    parts["word/document.xml"] = parts["word/document.xml"][:300]


def blank(parts: dict[str, bytes]) -> None:
    file = io.BytesIO()
    docx.Document().save(file)
    with zipfile.ZipFile(file) as archive:
        parts["word/document.xml"] = archive.read("word/document.xml")


def foreign(parts: dict[str, bytes]) -> None:
    parts.clear()
    parts["readme.txt"] = b"hello"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (entity, "DOCTYPE"),
        (traversal, "evil.xml"),
        (bomb, "packed"),
        (damaged, "broken DOCX"),
        (blank, "no text"),
        (foreign, "not a DOCX"),
    ],
)
def test_a_dangerous_or_broken_archive_is_refused_with_its_reason(
    change: Callable[[dict[str, bytes]], None], reason: str
) -> None:
    with pytest.raises(DocumentError, match=reason):
        load(changed(change), Path("a.docx"))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04 and no more", "broken DOCX"),
        (letter()[:-3000], "broken DOCX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "encrypted"),
    ],
)
def test_what_is_no_archive_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        load(data, Path("a.docx"))
