"""assistant doctor: is this installation whole, are the databases sound, is nothing listening or connected?"""

import importlib
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from assistant import __version__
from assistant.cli.compose import Program
from assistant.cli.output import say, say_json
from assistant.errors import AssistantError, PartlyDone

PACKAGES = (
    "apsw",
    "click",
    "jinja2",
    "llama_cpp",
    "numpy",
    "onnxruntime",
    "platformdirs",
    "pluggy",
    "sqlite_vec",
    "textual",
    "tokenizers",
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    name: str
    ok: bool
    detail: str


@click.command()
@click.option("--repair", is_flag=True, help="Rebuild damaged databases from what can still be read.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def doctor(program: Program, repair: bool, as_json: bool) -> None:
    """Check this installation and its databases."""
    findings = []
    for check in (_python, _packages, _folders, _settings, _databases(repair), _vectors, _models, _plugins, _offline):
        try:
            findings += list(check(program))
        except AssistantError as error:
            findings.append(Finding(getattr(check, "__name__", "check").strip("_"), False, str(error)))
    if as_json:
        say_json({"checks": [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in findings]})
    else:
        for finding in findings:
            say(f"{'ok  ' if finding.ok else 'FAIL'}  {finding.name:18} {finding.detail}")
    bad = [finding.name for finding in findings if not finding.ok]
    if bad:
        raise PartlyDone(f"Not in order: {', '.join(bad)}.", "The lines marked FAIL say what to do.")


def _python(program: Program) -> Iterator[Finding]:
    del program
    yield Finding("program", True, f"{__version__}, Python {platform.python_version()}, {platform.platform()}")


def _packages(program: Program) -> Iterator[Finding]:
    del program
    for name in PACKAGES:
        try:
            module = importlib.import_module(name)
        except ImportError as error:
            yield Finding(name, False, f"cannot be imported: {error}. Install with: pip install {name}")
            continue
        if name == "llama_cpp":
            yield Finding("llama.cpp", True, f"llama-cpp-python {getattr(module, '__version__', '')}")


def _folders(program: Program) -> Iterator[Finding]:
    import os

    for name in ("config", "data", "state", "cache"):
        folder: Path = getattr(program.folders, name)
        place = folder
        while not place.exists() and place != place.parent:
            place = place.parent
        ok = os.access(place, os.W_OK)
        yield Finding(
            f"{name} folder", ok, str(folder) if ok else f"{folder} cannot be written. Change its permissions."
        )


def _settings(program: Program) -> Iterator[Finding]:
    yield Finding("settings", bool(program.settings), str(program.folders.config_file))


def _databases(repair: bool) -> Callable[[Program], Iterator[Finding]]:
    def databases(program: Program) -> Iterator[Finding]:
        from assistant.storage.repair import check_file, repair_file

        for path in sorted(program.folders.data.glob("*.db")):
            complaints = check_file(path)
            if complaints and repair:
                kept = repair_file(path)
                complaints = check_file(path)
                yield Finding(path.name, not complaints, f"repaired; the damaged file is kept as {kept}")
            else:
                detail = f"{path.stat().st_size / 1e6:.1f} MB, sound" if not complaints else "; ".join(complaints[:3])
                yield Finding(path.name, not complaints, detail)

    return databases


def _vectors(program: Program) -> Iterator[Finding]:
    del program
    from assistant.storage.repair import probe_vectors

    yield Finding("sqlite-vec", True, probe_vectors())


def _models(program: Program) -> Iterator[Finding]:
    from assistant.engine import check_model

    source = program.workspace.default_model()
    if source is None:
        yield Finding("model", False, "none; add one with: assistant models add FILE")
    elif source.path is not None:
        header = check_model(source.path)
        yield Finding("model", True, f"{source.name}, {header.size_bytes / 1e6:.0f} MB, {len(header.tensors)} tensors")
    else:
        yield Finding("model", True, source.name)


def _plugins(program: Program) -> Iterator[Finding]:
    failures = program.plugins.registry.failures
    for failure in failures:
        yield Finding(f"plugin {failure.plugin}", False, f"{failure.stage}: {failure.message}")
    if not failures:
        loaded = [plugin.name for plugin in program.plugins.plugins if plugin.status == "loaded"]
        yield Finding("plugins", True, ", ".join(loaded))


def _offline(program: Program) -> Iterator[Finding]:
    """Answer a question with every socket refused, and count what was tried."""
    tried: list[str] = []
    armed = [True]

    def refuse(event: str, arguments: tuple[object, ...]) -> None:
        if armed[0] and event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
            tried.append(event)
            raise OSError(f"{event} refused: {arguments[-1]!r}")

    sys.addaudithook(refuse)
    try:
        source = program.workspace.find_model("echo")
        session = program.workspace.open(model=source)
        session.load()
        for knowledge in program.workspace.sources():
            if knowledge.collections():
                knowledge.search("test", k=1)
    finally:
        armed[0] = False
    yield Finding("offline", not tried, "no network use" if not tried else f"tried: {', '.join(tried)}")
