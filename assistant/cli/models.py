"""assistant models: the GGUF files on this machine, referenced where they lie."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.api import ModelSource
from assistant.cli.compose import Program
from assistant.cli.output import say, say_json
from assistant.config import set_value
from assistant.default_plugins.local_models import read_models, write_models
from assistant.errors import NotFound, UsageError
from assistant.paths import make_folder

if TYPE_CHECKING:
    from assistant.engine import GGUFFile


@click.group()
def models() -> None:
    """List, add, choose and remove models."""


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_models(program: Program, as_json: bool) -> None:
    """List the models; * marks the one in use."""
    workspace = program.workspace
    try:
        current = workspace.default_model()
    except NotFound:
        current = None
    rows = [_row(source, current) for source in workspace.models()]
    if current is not None and current.name not in {row["name"] for row in rows}:
        rows.append(_row(current, current))
    if as_json:
        say_json({"models": rows})
        return
    for row in rows:
        size = f"{row['size_bytes'] / 1e6:.0f} MB" if row["size_bytes"] else "missing" if row["path"] else ""
        say(f"{'*' if row['in_use'] else ' '} {row['name']:24} {size:>9}  {row['description']}")


@models.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Another name than the file's.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def add(program: Program, file: Path, name: str | None, as_json: bool) -> None:
    """Add a GGUF FILE to the list (it stays where it is)."""
    from assistant.engine import check_model

    path = file.expanduser().absolute()
    if not path.is_file():
        raise NotFound(f"There is no model file {path}.", "Check the path.")
    header = check_model(path)
    name = name or path.stem
    data = make_folder(program.folders.data)
    known = read_models(data)
    taken = program.plugins.registry.models.get(name)
    if taken is not None and str(taken.value.path) != str(path):
        raise UsageError(f"There is already a model named {name!r}.", "Choose another name with --name.")
    write_models(data, {**known, name: str(path)})
    if as_json:
        say_json({"name": name, "path": str(path), **_facts(header)})
    else:
        say(f"Added {name}. Use it with: assistant models use {name}")


@models.command()
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def info(program: Program, name: str | None, as_json: bool) -> None:
    """Show what a model is (without NAME: the one in use)."""
    from assistant.engine import check_model

    source = program.workspace.find_model(name) if name else program.workspace.default_model()
    if source is None:
        raise NotFound("There is no model on this machine.", "Add one with: assistant models add FILE")
    value: dict[str, Any] = {"name": source.name, "path": str(source.path) if source.path else None}
    if source.path is not None:
        value |= _facts(check_model(source.path))
    if as_json:
        say_json(value)
        return
    for key, item in value.items():
        say(f"{key:16} {item}")


@models.command()
@click.argument("name")
@click.pass_obj
def use(program: Program, name: str) -> None:
    """Start new chats with this model (a name or a path)."""
    source = program.workspace.find_model(name)
    if source.path is not None:
        from assistant.engine import check_model

        check_model(source.path)
    known = source.name in program.plugins.registry.models
    set_value(program.folders.config_file, "model.name", source.name if known else str(source.path))
    say(f"New chats start with {source.name}.")


@models.command()
@click.argument("name")
@click.pass_obj
def remove(program: Program, name: str) -> None:
    """Take a model off the list; its file is not deleted."""
    data = program.folders.data
    known = read_models(data)
    if name not in known:
        source = program.workspace.find_model(name)
        raise UsageError(f"{source.name} was not added by you.", "Only models from 'models add' can be removed.")
    path = known.pop(name)
    write_models(data, known)
    if program.settings.model.name == name:
        set_value(program.folders.config_file, "model.name", "")
    say(f"Removed {name} from the list. Its file stays: {path}")


def _row(source: ModelSource, current: ModelSource | None) -> dict[str, Any]:
    size = source.path.stat().st_size if source.path is not None and source.path.is_file() else 0
    return {
        "name": source.name,
        "path": str(source.path) if source.path else None,
        "size_bytes": size,
        "description": source.description,
        "in_use": current is not None and source.name == current.name,
    }


def _facts(header: "GGUFFile") -> dict[str, Any]:
    metadata = header.metadata
    architecture = metadata.get("general.architecture", "")
    parameters = 0
    for tensor in header.tensors.values():
        count = 1
        for size in tensor.shape:
            count *= size
        parameters += count
    return {
        "architecture": architecture,
        "title": metadata.get("general.name", ""),
        "parameters": parameters,
        "n_ctx_train": metadata.get(f"{architecture}.context_length", 0),
        "layers": metadata.get(f"{architecture}.block_count", 0),
        "tensors": len(header.tensors),
        "size_bytes": header.size_bytes,
    }
