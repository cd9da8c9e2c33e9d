"""assistant config: the settings."""

from typing import Any

import click

from assistant.cli.compose import Program
from assistant.cli.output import say, say_json
from assistant.config import as_tables, set_value
from assistant.errors import ConfigError


@click.group(invoke_without_command=True)
@click.pass_context
def config(ctx: click.Context) -> None:
    """Show and change the settings."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(show)


@config.command()
@click.argument("key", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def show(program: Program, key: str | None, as_json: bool) -> None:
    """Print the settings in force, or one of them."""
    tables: Any = as_tables(program.settings)
    if key:
        for part in key.split("."):
            if not isinstance(tables, dict) or part not in tables:
                raise ConfigError(f"There is no setting {key!r}.", "See them with: assistant config show")
            tables = tables[part]
    if as_json:
        say_json({key: tables} if key else tables)
    elif isinstance(tables, dict):
        import tomlkit

        say(tomlkit.dumps(tables).rstrip())
    else:
        say(str(tables))


@config.command("set")
@click.argument("key")
@click.argument("value")
@click.pass_obj
def set_(program: Program, key: str, value: str) -> None:
    """Set KEY (as TABLE.KEY) to VALUE in config.toml."""
    set_value(program.folders.config_file, key, value)
    say(f"{key} = {value}")


@config.command()
@click.pass_obj
def path(program: Program) -> None:
    """Print where config.toml is."""
    say(str(program.folders.config_file))
