"""PDF: text with page numbers, and a reason for each file that has none."""

from pathlib import Path

import pytest

from assistant.errors import DocumentError
from assistant.knowledge import chunk
from assistant.knowledge.conformance import check_document
from assistant_plugins.rag.loaders.pdf import load


def pdf(*pages: str, extra: str = "") -> bytes:
    """A small PDF by hand: one text line for each line of a page."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    kids = []
    for page in pages:
        shown = " ".join(f"({line}) Tj T*" for line in page.split("\n")) if page else ""
        stream = f"BT /F1 12 Tf 14 TL 72 720 Td {shown} ET"
        objects.append(f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream")
        number = len(objects)
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents {number} 0 R"
            " /Resources << /Font << /F1 3 0 R >> >> >>"
        )
        kids.append(f"{number + 1} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    data, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n"
    table = len(data)
    data += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n" + "".join(f"{p:010} 00000 n \n" for p in places)
    data += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {extra} >>\nstartxref\n{table}\n%%EOF\n"
    return data.encode("latin-1")


def test_each_page_keeps_its_number_and_the_text_is_joined_by_blank_lines() -> None:
    document = load(pdf("The key hangs in the pantry.", "", "The dog is called Brisket."), Path("house.pdf"))
    check_document(document)
    assert document.text == "The key hangs in the pantry.\n\nThe dog is called Brisket."
    assert not document.lines
    assert [(c.text, c.page, c.line_start) for c in chunk(document)] == [
        ("The key hangs in the pantry.", 1, None),
        ("The dog is called Brisket.", 3, None),
    ]
    assert document.title == "house"


def test_paragraphs_end_at_a_short_line_with_a_full_stop() -> None:
    page = "This is the first line of a paragraph that is\nlong and ends here.\n"
    page += "This is the second paragraph on the page and\nit ends too."
    document = load(pdf(page), Path("a.pdf"))
    assert [document.text[b.start : b.end].split("\n")[0][:18] for b in document.blocks] == [
        "This is the first ",
        "This is the second",
    ]


ENCRYPTED = f"/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <{'41' * 32}> /U <{'42' * 32}> >>"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"<html>", "not a PDF"),
        (b"%PDF-1.4\n", "broken PDF"),
        (pdf("text")[:200], "broken PDF"),
        (pdf(""), "scanned"),
        (pdf("secret", extra=ENCRYPTED), "encrypted"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes, reason: str) -> None:
    with pytest.raises(DocumentError, match=reason):
        load(data, Path("a.pdf"))
