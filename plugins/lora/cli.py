"""assistant adapters: list, add, info, remove."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from assistant.api import Adapter, Host, NotFound, UsageError

from .names import check_name, find_adapter, find_model, name_of, printable, unknown
from .store import AdapterStore

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def adapters_command(host: Host) -> click.Group:
    """Make the command group for one run of the program."""
    group = click.Group("adapters", help="List, add and remove LoRA adapters.")
    store = AdapterStore(host.data_folder / "adapters")

    @group.command("list", help="List the adapters with what their headers say.")
    @as_json_option
    def list_adapters(as_json: bool) -> None:
        rows = [_row(adapter) for adapter in host.adapters()]
        for fault in store.damage():
            host.notify(f"{fault} Take it off with: assistant adapters remove NAME")
        if as_json:
            _say_json(rows)
            return
        for row in rows:
            click.echo(
                f"{row['name']:24} {row['base']:20} rank {row['rank']:<4} alpha {row['alpha']:<6g} "
                f"{row['size_bytes'] / 1e6:7.1f} MB  {', '.join(row['targets'])}"
            )
        if not rows:
            host.notify("There is no adapter yet. Add one with: assistant adapters add FILE")

    @group.command(help="Check a GGUF LoRA against a model and keep a copy of FILE.")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--name", help="Another name than the file's.")
    @click.option("--model", help="The model it was trained on (a name or a path); else the default one.")
    @as_json_option
    def add(file: Path, name: str | None, model: str | None, as_json: bool) -> None:
        path = file.expanduser().absolute()
        if not path.is_file():
            raise NotFound(f"There is no adapter file {printable(str(path))}.", "Check the path.")
        chosen = check_name(name_of(path) if name is None else name)
        taken = {adapter.name for adapter in host.adapters()}
        if chosen in taken:
            raise UsageError(
                f"There is already an adapter named {chosen!r}.",
                f"Choose another with --name, or first: assistant adapters remove {chosen}",
            )
        base = find_model(host, model)
        kept = store.add(path, chosen, host.check_adapter(path, base), base.name)
        if as_json:
            _say_json([_row(kept.adapter)])
        else:
            click.echo(f"Added {chosen} for {base.name}. Use it with: assistant ask QUESTION --adapter {chosen}=1")

    @group.command(help="Show what an adapter is.")
    @click.argument("name")
    @as_json_option
    def info(name: str, as_json: bool) -> None:
        if name in store.names():
            kept = store.get(name)
            row = _row(kept.adapter) | {"sha256": kept.sha256, "added": kept.added}
        else:
            row = _row(find_adapter(host, name))
        if as_json:
            _say_json([row])
            return
        for key, value in row.items():
            shown = ", ".join(value) if isinstance(value, list) else str(value)
            click.echo(f"{key:14} {printable(shown)}")

    @group.command(help="Delete the program's copy of an adapter.")
    @click.argument("name")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @as_json_option
    def remove(name: str, yes: bool, as_json: bool) -> None:
        others = {adapter.name: adapter for adapter in host.adapters()}
        if name not in store.names():
            if name in others:
                raise UsageError(f"The adapter {name!r} comes from another plugin: its file stays where it is.")
            raise unknown("adapter", name, {*store.names(), *others}, "See what there is: assistant adapters list")
        if not yes and not click.confirm(f"Delete {store.path(name)}?", err=True):
            raise UsageError(f"The adapter {name!r} stays.", "Say --yes to delete it without being asked.")
        gone = [_row(others[name])] if name in others else []
        store.remove(name)
        if as_json:
            _say_json(gone)
        else:
            click.echo(f"Removed {name}.")

    return group


def _row(adapter: Adapter) -> dict[str, Any]:
    facts = adapter.facts
    return {
        "name": adapter.name,
        "path": str(adapter.path),
        "base": printable(adapter.base),
        "architecture": printable(facts.architecture),
        "rank": facts.rank,
        "alpha": facts.alpha,
        "size_bytes": facts.size_bytes,
        "tensors": facts.tensors,
        "targets": [printable(target) for target in facts.targets],
        "precision": facts.precision,
    }


def _say_json(rows: list[dict[str, Any]]) -> None:
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps({"adapters": rows}, ensure_ascii=not utf8))
