"""assistant plugins: where they come from, what they do, what failed, and which are trusted."""

from typing import Any

import click

from assistant.cli.compose import Program
from assistant.cli.output import note, say, say_json
from assistant.config import set_value
from assistant.errors import PluginError, UsageError
from assistant.plugin_places import Candidate
from assistant.registry import suggest
from assistant.trust import fingerprint


@click.group()
def plugins() -> None:
    """List, trust, enable and disable plugins."""


@plugins.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def list_plugins(program: Program, as_json: bool) -> None:
    """List the plugins with origin, hooks and failures."""
    loaded = program.plugins
    rows: list[dict[str, Any]] = [
        {
            "name": plugin.name,
            "origin": plugin.candidate.origin,
            "status": plugin.status,
            "path": str(plugin.candidate.path) if plugin.candidate.path else None,
            "hooks": list(plugin.hooks),
            "failures": [
                {"stage": f.stage, "message": f.message}
                for f in loaded.registry.failures
                # A second plugin of the same name fails at being found; the first one did not.
                if f.plugin == plugin.name and (f.stage != "find" or plugin.status == "failed")
            ],
        }
        for plugin in loaded.plugins
    ]
    if as_json:
        say_json({"plugins": rows})
        return
    for row in rows:
        say(f"{row['name']:20} {row['origin']:9} {row['status']:10} {', '.join(row['hooks'])}")
        for failure in row["failures"]:
            say(f"    {failure['stage']}: {failure['message']}")
    for row in rows:
        if row["status"] in ("untrusted", "changed"):
            note(f"Load {row['name']} with: assistant plugins trust {row['name']}")


@plugins.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def trust(program: Program, name: str, yes: bool) -> None:
    """Let a dropped-in plugin run (its files are remembered; a changed one asks again)."""
    candidate = _find(program, name)
    if candidate.origin != "user" or candidate.path is None:
        raise UsageError(f"{name} is {candidate.origin}: it needs no trust.")
    if candidate.fault:
        raise PluginError(f"{name} cannot be loaded: {candidate.fault}", "Mend the plugin first.")
    print_ = fingerprint(candidate.path)
    note(f"{candidate.path} runs with your rights: it can read, change and send everything you can.")
    if not yes and not click.confirm("Trust it?", err=True):
        raise UsageError("The plugin stays untrusted.", "Say --yes to trust it without being asked.")
    program.trust.trust(name, print_)
    say(f"Trusted {name} (SHA-256 {print_[:16]}…).")


@plugins.command()
@click.argument("name")
@click.pass_obj
def enable(program: Program, name: str) -> None:
    """Load a disabled plugin again."""
    _find(program, name)
    _set_disabled(program, [other for other in program.settings.plugins.disabled if other != name])
    say(f"{name} is enabled.")


@plugins.command()
@click.argument("name")
@click.pass_obj
def disable(program: Program, name: str) -> None:
    """Do not load a plugin any more."""
    if _find(program, name).origin == "built-in":
        raise UsageError(f"{name} is built in and cannot be disabled.")
    _set_disabled(program, sorted({*program.settings.plugins.disabled, name}))
    say(f"{name} is disabled.")


def _find(program: Program, name: str) -> Candidate:
    candidates = [plugin.candidate for plugin in program.plugins.plugins]
    for candidate in candidates:
        if candidate.name == name and not (candidate.status == "failed" and "already taken" in candidate.fault):
            return candidate
    raise suggest("plugin", name, [c.name for c in candidates])


def _set_disabled(program: Program, names: list[str]) -> None:
    text = "[" + ", ".join(f'"{name}"' for name in names) + "]"
    set_value(program.folders.config_file, "plugins.disabled", text)
