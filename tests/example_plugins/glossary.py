"""Explains the terms of `glossary.csv` (term,meaning) in the data folder: as knowledge, in the shell, in the chat."""

import csv

from assistant.api import Command, Found, NotFound, Passage, hookimpl


class Glossary:
    """One passage for each line of the file."""

    name = "glossary"

    def __init__(self, file):
        self.file = file

    def text(self):
        return self.file.read_text("utf-8") if self.file.is_file() else ""

    def passages(self):
        start = 0
        for number, line in enumerate(self.text().splitlines(keepends=True), start=1):
            quote = line.rstrip("\r\n")
            cells = next(csv.reader([quote]), [])
            if len(cells) >= 2:
                text = f"{cells[0]}: {cells[1]}"
                ref, end = f"glossary:{number}", start + len(quote)
                place = {"line_start": number, "line_end": number, "heading": cells[0]}
                yield Passage(ref, "glossary", self.file.name, text, quote, start, end, **place)
            start += len(line)

    def collections(self):
        return ["glossary"] if self.file.is_file() else []

    def search(self, query, *, collections=(), k=10):
        if collections and not {*collections} & {*self.collections()}:
            raise NotFound(f"The glossary has no collection named {collections[0]!r}.")
        words = f" {' '.join(query.casefold().replace('?', ' ').split())} "
        found = [p for p in self.passages() if f" {p.heading.casefold()} " in words]
        return Found(tuple(found[:k]))

    def surroundings(self, ref, chars=1200):
        passage = next(p for p in self.passages() if p.ref == ref)
        text = self.text()
        return text[max(0, passage.char_start - chars) : passage.char_start], text[passage.char_end :][:chars]


def explain(source, term):
    found = source.search(term).passages
    if not found:
        raise NotFound(f"The glossary does not explain {term!r}.", f"Add a line to {source.file}.")
    return "\n".join(passage.text for passage in found)


@hookimpl
def register_knowledge(host):
    return [Glossary(host.data_folder / "glossary.csv")]


@hookimpl
def register_commands(host):
    source = Glossary(host.data_folder / "glossary.csv")

    def shell():
        import click

        @click.command(help="Explain TERM.")
        @click.argument("term")
        def glossary(term):
            click.echo(explain(source, term))

        return glossary

    summary = "Explain a term of your glossary."
    return [Command("glossary", summary, "TERM", shell, lambda chat, term: explain(source, term))]
