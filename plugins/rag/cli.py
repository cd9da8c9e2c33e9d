"""assistant kb: the knowledge base from the shell."""

import json
import sys
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import click

from assistant.api import Found, NotFound, PartlyDone, Passage, UsageError
from assistant.knowledge.passages import visible

from .folders import absolute, below
from .ingest import Ingest, Report
from .library import Library
from .retrieve import passage
from .store import FileRow


def make_group(library: Library) -> click.Group:
    """The click group `kb`."""
    group = click.Group("kb", help="Add, search and forget documents.")
    for command in (_add, _sync, _list, _status, _search, _show, _forget):
        group.add_command(command(library))
    return group


def _add(library: Library) -> click.Command:
    @click.command("add", help="Take files and folders into the knowledge base.")
    @click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
    @click.option("--name", default="default", show_default=True, help="The collection.")
    @_json_option
    def add(paths: tuple[Path, ...], name: str, as_json: bool) -> None:
        _show_report(Ingest(library, _progress()).add(list(paths), name), as_json)

    return add


def _sync(library: Library) -> click.Command:
    @click.command("sync", help="Look again at all that was added: new, edited, renamed and deleted files.")
    @_json_option
    def sync(as_json: bool) -> None:
        if not library.exists:
            raise NotFound("The knowledge base is empty.", "Add documents with: assistant kb add PATH")
        _show_report(Ingest(library, _progress()).sync(), as_json)

    return sync


def _list(library: Library) -> click.Command:
    @click.command("list", help="List the collections.")
    @_json_option
    def list_(as_json: bool) -> None:
        counts = library.store.counts() if library.exists else []
        if as_json:
            names = ("name", "files", "failed", "chunks", "embedded")
            _print_json({"kb": [dict(zip(names, row, strict=True)) for row in counts]})
            return
        if not counts:
            _print("The knowledge base is empty. Add documents with: assistant kb add PATH")
        for name, files, failed, chunks, _ in counts:
            _print(f"{_line(name):20} {files:6} files  {chunks:7} passages" + (f"  {failed} failed" if failed else ""))

    return list_


def _status(library: Library) -> click.Command:
    @click.command("status", help="Show how far indexing is, and what failed with its reason.")
    @_json_option
    def status(as_json: bool) -> None:
        counts = library.store.counts() if library.exists else []
        files = library.store.files() if library.exists else []
        failed = [{"path": f.path, "reason": f.reason} for f in files if f.state == "failed"]
        chunks, embedded = sum(row[3] for row in counts), sum(row[4] for row in counts)
        if as_json:
            _print_json({"files": len(files), "failed": failed, "chunks": chunks, "embedded": embedded})
            return
        _print(f"{len(files) - len(failed)} files, {chunks} passages, {embedded} of them found by meaning too")
        for item in failed:
            _print(f"failed: {_line(item['path'])}: {_line(item['reason'])}")

    return status


def _search(library: Library) -> click.Command:
    @click.command("search", help='Find passages. QUERY "-" reads one query a line from stdin.')
    @click.argument("query")
    @click.option("--kb", "collections", multiple=True, metavar="NAME", help="Only in this collection (repeatable).")
    @click.option("-k", "k", type=click.IntRange(1, 100), default=10, show_default=True, help="At most this many.")
    @click.option("--explain", is_flag=True, help="Show every stage and score.")
    @_json_option
    def search(query: str, collections: tuple[str, ...], k: int, explain: bool, as_json: bool) -> None:
        if not query.strip():
            raise UsageError("The query is empty.", "Write it as: assistant kb search 'words'")
        if not as_json and not library.source.collections():
            note("The knowledge base is empty. Add documents with: assistant kb add PATH")
        for line in _stdin_lines() if query == "-" else (query.strip(),):
            found = library.source.search(line, collections=collections, k=k)
            if as_json:
                value: dict[str, Any] = {"query": line, "results": [_place(p) for p in found.passages]}
                if explain:
                    value["steps"] = [{"name": s.name, "detail": s.detail, "ms": s.ms} for s in found.steps]
                _print_json(value)
            else:
                _show_found(found, explain)

    return search


def _stdin_lines() -> Iterator[str]:
    for line in sys.stdin.buffer:
        if text := line.decode("utf-8", "replace").strip():
            yield text


def _show_found(found: Found, explain: bool) -> None:
    if not found.passages:
        _print("Nothing found.")
    for p in found.passages:
        _print(f"{p.score:6.2f}  {p.ref:8}  {where(p)}")
        _print(f"        {_line(p.text)[:160]}")
        if explain:
            _print("        " + "  ".join(f"{name} {value:.3f}" for name, value in p.scores.items()))
    for step in found.steps if explain else ():
        note(f"{step.ms:8.1f} ms  {step.name}: {_line(step.detail)}")


def _show(library: Library) -> click.Command:
    @click.command("show", help="Show a passage (REF as printed by search) or a file.")
    @click.argument("ref", metavar="REF|PATH")
    @click.option("--text", "only_text", is_flag=True, help="Print the stored text and nothing else.")
    @_json_option
    def show(ref: str, only_text: bool, as_json: bool) -> None:
        if ref.startswith("kb:"):
            found = _passage(library, ref)
            if as_json:
                _print_json(_place(found))
            elif only_text:
                _print_exactly(found.quote)
            else:
                _print(f"{where(found)}\n\n{visible(found.text)}")
            return
        row = _file(library, ref)
        text = library.store.text(row.id)
        if as_json:
            _print_json({"path": row.path, "collection": row.collection, "text": text})
        elif only_text:
            _print_exactly(text)
        else:
            _print(f"{_line(row.path)}\n\n{visible(text)}")

    return show


def _forget(library: Library) -> click.Command:
    @click.command("forget", help="Take a file, a folder, or the file of a passage out of the knowledge base.")
    @click.argument("ref", metavar="PATH|REF")
    @_json_option
    def forget(ref: str, as_json: bool) -> None:
        if not library.exists:
            raise NotFound("The knowledge base is empty.")
        path = Path(_passage(library, ref).path) if ref.startswith("kb:") else absolute(ref)
        rows = [row for row in library.store.files() if below(row.path, path)]
        if not rows:
            raise _not_here(library, ref, path)
        library.store.remove_files([row.id for row in rows])
        library.store.remove_empty()
        library.store.compact()
        for collection, root in library.store.roots():
            if below(str(path), Path(root)):
                note(f"It lies in {_line(root)} ({_line(collection)}), which sync reads again: move it away, too.")
        if as_json:
            _print_json({"forgotten": [row.path for row in rows]})
        else:
            _print(f"Forgot {len(rows)} file{'s' if len(rows) != 1 else ''}.")

    return forget


def _json_option(function: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def _passage(library: Library, ref: str) -> Passage:
    place = library.store.place(ref) if library.exists else None
    if place is None:
        raise NotFound(f"There is no passage {ref}.", "References are printed by: assistant kb search")
    return passage(library.store, place, 0.0, {}, {})


def _file(library: Library, ref: str) -> FileRow:
    path = absolute(ref)
    rows = [row for row in library.store.files() if row.path == str(path)] if library.exists else []
    if not rows:
        raise _not_here(library, ref, path)
    read = [row for row in rows if row.state != "failed"]
    if not read:
        raise NotFound(f"{ref} could not be read: {rows[0].reason}.", "Try again with: assistant kb add PATH")
    return read[0]


def _not_here(library: Library, ref: str, path: Path) -> NotFound:
    paths = [row.path for row in library.store.files()] if library.exists else []
    named = [known for known in paths if Path(known).name.lower() == path.name.lower()]
    close = named or get_close_matches(str(path), paths, n=1, cutoff=0.8)
    hint = f"Did you mean {close[0]}?" if close else "Add it with: assistant kb add PATH"
    return NotFound(f"{ref} is not in the knowledge base.", hint)


def where(p: Passage) -> str:
    """A place for people, on one line."""
    end = f"-{p.line_end}" if p.line_end != p.line_start else ""
    lines = f":{p.line_start}{end}" if p.line_start is not None else ""
    page = f" p. {p.page}" if p.page is not None else ""
    return _line(f"{p.path}{lines}{page}" + (f"  ({p.heading})" if p.heading else ""))


def _place(p: Passage) -> dict[str, Any]:
    names = (
        "ref", "collection", "path", "page", "line_start", "line_end", "heading", "char_start", "char_end", "quote",
        "text", "score",
    )  # fmt: skip
    return {**{name: getattr(p, name) for name in names}, "scores": dict(p.scores)}


def _show_report(report: Report, as_json: bool) -> None:
    _end_progress()
    for text in report.notes:
        note(text)
    if as_json:
        names = ("collection", "added", "updated", "unchanged", "removed", "skipped", "failed", "chunks", "embedded")
        _print_json({name: getattr(report, name) for name in names})
    else:
        for item in report.failed:
            _print(f"failed: {_line(item['path'])}: {_line(item['reason'])}")
        _print(
            f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {report.removed} removed, "
            f"{report.skipped} skipped, {len(report.failed)} failed"
        )
    if report.failed:
        raise PartlyDone(f"{len(report.failed)} could not be read.", "See them again with: assistant kb status")


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"\r\x1b[K{_line(text)[:76]}", nl=False, err=True)


def _end_progress() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def note(text: str) -> None:
    """Say something that is no result."""
    click.echo(text, err=True)


def _line(text: str) -> str:
    """Foreign text on one line, without what could steer the terminal."""
    return " ".join(visible(text).split())


def _print(text: str) -> None:
    click.echo(text)


def _print_exactly(text: str) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.buffer.flush()


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=True))
