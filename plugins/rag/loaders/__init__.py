"""The readers of the five document formats; a parser package is imported when its first file is read."""

from assistant.api import DocumentLoader

from . import docx, html, markdown, pdf, text

LOADERS: tuple[DocumentLoader, ...] = (
    DocumentLoader("markdown", (".md", ".markdown"), markdown.load),
    DocumentLoader("text", (".txt", ".text"), text.load),
    DocumentLoader("html", (".html", ".htm"), html.load),
    DocumentLoader("pdf", (".pdf",), pdf.load),
    DocumentLoader("docx", (".docx",), docx.load),
)
