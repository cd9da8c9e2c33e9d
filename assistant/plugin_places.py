"""Where plugins come from: built in, bundled, dropped in by the user, installed."""

import importlib.metadata
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import AssistantError
from assistant.trust import TrustStore, fingerprint

GROUP = "assistant"
BUILT_IN = ("local_models", "echo_model")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found. `status` is ready, untrusted, changed, disabled or failed (with the `fault`)."""

    name: str
    origin: str
    status: str = "ready"
    path: Path | None = None
    module: str = ""
    entry_point: importlib.metadata.EntryPoint | None = None
    fault: str = ""
    version: str = ""


def bundled_folder() -> Path | None:
    """The drop-in folder that ships with the program: inside the package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    if (package / "_plugins").is_dir():
        return package / "_plugins"
    checkout = package.parent
    return checkout / "plugins" if (checkout / "pyproject.toml").is_file() else None


def find(
    user_folder: Path, trust: TrustStore, *, disabled: tuple[str, ...] = (), only_built_in: bool = False
) -> list[Candidate]:
    """List every plugin, built-in ones first; a name that is taken twice is `failed` the second time."""
    found = [Candidate(name, "built-in", module=f"assistant.default_plugins.{name}") for name in BUILT_IN]
    if not only_built_in:
        bundled = bundled_folder()
        if bundled is not None:
            found += _in_folder(bundled, "bundled")
        found += [_judge(candidate, trust) for candidate in _in_folder(user_folder, "user")]
        found += _installed()
    names: dict[str, str] = {}
    checked = []
    for candidate in found:
        if candidate.name in names:
            fault = f"The name {candidate.name!r} is already taken by a {names[candidate.name]} plugin."
            checked.append(_with(candidate, "failed", fault))
        elif candidate.name in disabled and candidate.origin != "built-in":
            checked.append(_with(candidate, "disabled"))
        else:
            checked.append(candidate)
        names.setdefault(candidate.name, candidate.origin)
    return checked


def _in_folder(folder: Path, origin: str) -> list[Candidate]:
    try:
        entries = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError:
        entries = []
    found = []
    for entry in entries:
        if entry.name.startswith((".", "_")):
            continue
        try:
            candidate = _at(entry, origin)
        except OSError as error:
            candidate = Candidate(entry.stem, origin, "failed", entry, fault=f"It cannot be read: {error.strerror}.")
        if candidate is not None:
            found.append(candidate)
    return found


def _at(entry: Path, origin: str) -> Candidate | None:
    if not (entry.is_dir() or entry.suffix == ".py"):
        return None
    name = entry.name if entry.is_dir() else entry.stem
    if not name.isidentifier():
        return Candidate(name, origin, "failed", entry, fault=f"{name!r} is no valid Python module name.")
    if entry.is_dir() and not (entry / "__init__.py").is_file():
        return Candidate(name, origin, "failed", entry, fault="The folder has no __init__.py.")
    return Candidate(name, origin, path=entry)


def _judge(candidate: Candidate, trust: TrustStore) -> Candidate:
    if candidate.status != "ready" or candidate.path is None:
        return candidate
    try:
        print_ = fingerprint(candidate.path)
    except AssistantError as error:
        return _with(candidate, "failed", str(error))
    if trust.trusted(candidate.name, print_):
        return candidate
    return _with(candidate, "changed" if trust.knows(candidate.name) else "untrusted")


def _installed() -> list[Candidate]:
    try:
        points = sorted(importlib.metadata.entry_points(group=GROUP), key=lambda p: p.name)
        return [
            Candidate(point.name, "installed", module=point.value, entry_point=point, version=_version(point))
            for point in points
        ]
    except Exception as error:  # noqa: BLE001 - one damaged package must not hide the others' commands
        fault = f"The installed packages' entry points cannot be read: {error!r:.200}."
        return [Candidate("installed-packages", "installed", "failed", fault=fault)]


def _version(point: importlib.metadata.EntryPoint) -> str:
    return point.dist.version if point.dist is not None else ""


def _with(candidate: Candidate, status: str, fault: str = "") -> Candidate:
    return Candidate(
        candidate.name,
        candidate.origin,
        status,
        candidate.path,
        candidate.module,
        candidate.entry_point,
        fault or candidate.fault,
        candidate.version,
    )
