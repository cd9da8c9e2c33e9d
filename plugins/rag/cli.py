"""assistant kb: the knowledge base from the shell."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from assistant.api import NotFound, PartlyDone, Passage, UsageError
from assistant.knowledge.passages import visible

from .ingest import Ingest, Report
from .library import Library
from .retrieve import passage


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
            _print(f"{name:20} {files:6} files  {chunks:7} passages" + (f"  {failed} failed" if failed else ""))

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
            _print(f"failed: {item['path']}: {item['reason']}")

    return status


def _search(library: Library) -> click.Command:
    @click.command("search", help='Find passages. QUERY "-" reads one query a line from stdin.')
    @click.argument("query")
    @click.option("--kb", "collections", multiple=True, metavar="NAME", help="Only in this collection (repeatable).")
    @click.option("-k", "k", type=click.IntRange(1, 100), default=10, show_default=True, help="At most this many.")
    @click.option("--explain", is_flag=True, help="Show every stage and score.")
    @_json_option
    def search(query: str, collections: tuple[str, ...], k: int, explain: bool, as_json: bool) -> None:
        queries = [line.strip() for line in sys.stdin if line.strip()] if query == "-" else [query]
        if not any(queries):
            raise UsageError("The query is empty.", "Write it as: assistant kb search 'words'")
        for one in queries:
            found = library.source.search(one, collections=collections, k=k)
            if as_json:
                value: dict[str, Any] = {"query": one, "results": [_place(p) for p in found.passages]}
                if explain:
                    value["steps"] = [{"name": s.name, "detail": s.detail, "ms": s.ms} for s in found.steps]
                _print_json(value)
                continue
            if not found.passages:
                _print("Nothing found.")
            for p in found.passages:
                _print(f"{p.score:6.2f}  {p.ref:8}  {where(p)}\n        {' '.join(p.text.split())[:160]}")
                if explain:
                    _print("        " + "  ".join(f"{name} {value:.3f}" for name, value in p.scores.items()))
            for step in found.steps if explain else ():
                click.echo(f"{step.ms:8.1f} ms  {step.name}: {step.detail}", err=True)

    return search


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
                sys.stdout.write(found.quote)
            else:
                _print(f"{where(found)}\n\n{found.text}")
            return
        number, path = _file(library, ref)
        text = library.store.text(number)
        if as_json:
            _print_json({"path": path, "text": text})
        elif only_text:
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        else:
            _print(f"{path}\n\n{text}")

    return show


def _forget(library: Library) -> click.Command:
    @click.command("forget", help="Take a file, a folder, or the file of a passage out of the knowledge base.")
    @click.argument("ref", metavar="PATH|REF")
    @_json_option
    def forget(ref: str, as_json: bool) -> None:
        if not library.exists:
            raise NotFound("The knowledge base is empty.")
        path = _passage(library, ref).path if ref.startswith("kb:") else str(Path(ref).expanduser().absolute())
        rows = [
            row for row in library.store.files() if row.path == path or row.path.startswith(path.rstrip("/\\") + "/")
        ]
        if not rows:
            raise NotFound(f"{ref} is not in the knowledge base.", "See what is: assistant kb list")
        library.store.remove_files([row.id for row in rows])
        library.store.remove_empty()
        library.store.database.execute("VACUUM")
        library.store.database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if as_json:
            _print_json({"forgotten": [row.path for row in rows]})
        else:
            _print(f"Forgot {len(rows)} files.")

    return forget


def _json_option(function: Callable[..., None]) -> Callable[..., None]:
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")(function)


def _passage(library: Library, ref: str) -> Passage:
    number = ref.removeprefix("kb:")
    row = library.store.places([int(number)]).get(int(number)) if number.isdigit() and library.exists else None
    if row is None:
        raise NotFound(f"There is no passage {ref}.", "References are printed by: assistant kb search")
    return passage(library.store, row, 0.0, {}, {})


def _file(library: Library, ref: str) -> tuple[int, str]:
    path = str(Path(ref).expanduser().absolute())
    rows = [row for row in library.store.files() if row.path == path] if library.exists else []
    if not rows:
        raise NotFound(f"{ref} is not in the knowledge base.", "Add it with: assistant kb add PATH")
    if rows[0].state == "failed":
        raise NotFound(f"{ref} could not be read: {rows[0].reason}.")
    return rows[0].id, rows[0].path


def where(p: Passage) -> str:
    """A place for people."""
    lines = f":{p.line_start}-{p.line_end}" if p.line_start is not None else ""
    page = f" p. {p.page}" if p.page is not None else ""
    return f"{p.path}{lines}{page}" + (f"  ({p.heading})" if p.heading else "")


def _place(p: Passage) -> dict[str, Any]:
    names = (
        "ref", "collection", "path", "page", "line_start", "line_end", "heading", "char_start", "char_end", "quote",
        "text", "score",
    )  # fmt: skip
    return {**{name: getattr(p, name) for name in names}, "scores": dict(p.scores)}


def _show_report(report: Report, as_json: bool) -> None:
    for text in report.notes:
        click.echo(text, err=True)
    if as_json:
        names = ("collection", "added", "updated", "unchanged", "removed", "skipped", "failed", "embedded")
        _print_json({name: getattr(report, name) for name in names})
    else:
        for item in report.failed:
            _print(f"failed: {item['path']}: {item['reason']}")
        _print(
            f"{report.added} added, {report.updated} updated, {report.unchanged} unchanged, {report.removed} removed, "
            f"{report.skipped} skipped, {len(report.failed)} failed"
        )
    if report.failed:
        raise PartlyDone(f"{len(report.failed)} could not be read.", "See them again with: assistant kb status")


def _progress() -> Callable[[str], None]:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"\r\x1b[K{visible(text)[:76]}", nl=False, err=True)


def _print(text: str) -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)
    click.echo(visible(text))


def _print_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=True))
