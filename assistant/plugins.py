"""Find plugins, load them one by one, call them one by one, and remember what failed.

pluggy stops at the first exception, loses the results it had and accepts misspelt hook names in silence;
here every fault of a plugin (broken import, SystemExit, typo, wrong argument, half-failed generator) becomes
a visible `Failure` while the others carry on.
"""

import contextlib
import importlib
import inspect
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import ModuleType
from typing import Any

import pluggy

from assistant import hookspecs
from assistant.api import (
    Adapter,
    AssistantError,
    Command,
    DocumentLoader,
    Embedder,
    Host,
    KnowledgeSource,
    ModelSource,
)
from assistant.namespace import NAMESPACE, forget, install, installed
from assistant.plugin_places import Candidate
from assistant.registry import KINDS, RESERVED, Failure, Offer, Registry

IMPL = "assistant_impl"
KIND_TYPES: dict[str, tuple[type, tuple[str, ...]]] = {
    "models": (ModelSource, ()),
    "embedders": (Embedder, ("name", "dimensions", "fingerprint", "embed", "embed_query")),
    "loaders": (DocumentLoader, ()),
    "knowledge": (KnowledgeSource, ("name", "collections", "search", "surroundings")),
    "adapters": (Adapter, ()),
    "commands": (Command, ()),
}


@dataclass(slots=True)
class Plugin:
    """One plugin as `assistant plugins list` shows it. Times are milliseconds."""

    candidate: Candidate
    status: str
    hooks: tuple[str, ...] = ()
    import_ms: float = 0.0
    hook_ms: float = 0.0
    module: ModuleType | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        return self.candidate.name


class Plugins:
    """The loaded plugins and what they offered."""

    def __init__(self, candidates: list[Candidate], make_host: Callable[[str], Host], registry: Registry) -> None:
        self._manager = pluggy.PluginManager("assistant")
        self._manager.add_hookspecs(hookspecs)
        self._hooks = {name for name in vars(hookspecs) if hasattr(getattr(hookspecs, name), "assistant_spec")}
        self._make_host = make_host
        self._hosts: dict[str, Host] = {}
        self._collecting: set[str] = set()
        self.registry = registry
        registry.refresh = self.collect
        # What a plugin prints at its start must not get between the lines of a command's own output.
        with contextlib.redirect_stdout(sys.stderr):
            self.plugins = [self._load(candidate) for candidate in candidates]
            for kind in KINDS:
                self.collect(kind)

    def collect(self, kind: str) -> None:
        """Ask every plugin anew what it offers of one kind; a plugin that asks for it meanwhile sees the old list."""
        if kind in self._collecting:
            return
        self._collecting.add(kind)
        offers: dict[str, Offer[Any]] = {}
        hook = f"register_{kind}"
        self.registry.failures[:] = [f for f in self.registry.failures if f.stage != hook]
        try:
            for plugin in self.plugins:
                for value in self._results(plugin, hook):
                    self._offer(plugin, kind, offers, value)
        finally:
            self._collecting.discard(kind)
        setattr(self.registry, kind, offers)

    def notify(self, hook: str, **arguments: Any) -> None:
        """Call an `on_*` hook of every plugin."""
        for plugin in self.plugins:
            self._call(plugin, hook, arguments)

    def _load(self, candidate: Candidate) -> Plugin:
        plugin = Plugin(candidate, candidate.status)
        if candidate.fault:
            self._fail(plugin, "find", candidate.fault)
        if candidate.status != "ready":
            return plugin
        started = time.perf_counter()
        with self._guarded(plugin, "import"):
            plugin.module = self._import(candidate)
            self._register(plugin, plugin.module)
            plugin.status = "loaded"
        if plugin.status != "loaded":
            if plugin.module is not None and self._manager.is_registered(plugin.module):
                self._manager.unregister(plugin.module)
            if candidate.path is not None and candidate.origin != "built-in":
                forget(candidate.name)
        plugin.import_ms = (time.perf_counter() - started) * 1000
        return plugin

    def _import(self, candidate: Candidate) -> ModuleType:
        if candidate.entry_point is not None:
            module = candidate.entry_point.load()
            if not isinstance(module, ModuleType):
                raise TypeError(f"the entry point {candidate.entry_point.value} is no module")
            return module
        if candidate.path is None:
            return importlib.import_module(candidate.module)
        if candidate.origin == "user" or installed().get(candidate.name) != candidate.path:
            forget(candidate.name)
        install({candidate.name: candidate.path})
        return importlib.import_module(f"{NAMESPACE}.{candidate.name}")

    def _register(self, plugin: Plugin, module: ModuleType) -> None:
        marked = {
            name: value.assistant_impl.get("specname") or name
            for name, value in vars(module).items()
            # A dictionary: objects that have every attribute (a mock, a lazy module) are no hooks.
            if isinstance(getattr(value, IMPL, None), dict)
        }
        for name in marked.values():
            if name not in self._hooks:
                close = get_close_matches(name, sorted(self._hooks), n=1)
                perhaps = f" Did you mean {close[0]}?" if close else ""
                self._fail(plugin, "hooks", f"There is no hook named {name}.{perhaps}")
        if not marked:
            raise TypeError("it implements no hook (mark functions with @hookimpl)")
        for name, hook in marked.items():
            if hook not in self._hooks:
                continue
            wrong = set(_argument_names(getattr(module, name))) - _spec_arguments(hook)
            if wrong:
                self._fail(plugin, "hooks", f"{hook} asks for unknown arguments: {', '.join(sorted(wrong))}.")
                delattr(getattr(module, name), IMPL)
        self._manager.register(module, plugin.name)
        callers = {caller.name for caller in self._manager.get_hookcallers(module) or ()}
        plugin.hooks = tuple(sorted(callers & self._hooks))

    def _results(self, plugin: Plugin, hook: str) -> list[Any]:
        """What the hook offers; what a generator gave before its fault is kept."""
        kept: list[Any] = []
        results = self._call(plugin, hook, {})
        if results is not None:
            with self._guarded(plugin, hook):
                kept.extend(results)
        return kept

    def _call(self, plugin: Plugin, hook: str, arguments: dict[str, Any]) -> Any:
        if plugin.module is None or hook not in plugin.hooks:
            return None
        caller = getattr(self._manager.hook, hook)
        implementation = next(i for i in caller.get_hookimpls() if i.plugin is plugin.module)
        known = {**arguments, "host": self._host(plugin.name)}
        started = time.perf_counter()
        result = None
        with self._guarded(plugin, hook):
            result = implementation.function(*(known[name] for name in implementation.argnames))
        plugin.hook_ms += (time.perf_counter() - started) * 1000
        return result

    def _host(self, name: str) -> Host:
        if name not in self._hosts:
            self._hosts[name] = self._make_host(name)
        return self._hosts[name]

    def _offer(self, plugin: Plugin, kind: str, offers: dict[str, Offer[Any]], value: Any) -> None:
        hook = f"register_{kind}"
        expected, attributes = KIND_TYPES[kind]
        # Looked up without running properties: one may hash a model file, or fail.
        fits = all(_has(value, a) for a in attributes) if attributes else isinstance(value, expected)
        name = None
        before = len(self.registry.failures)
        with self._guarded(plugin, hook):
            name = getattr(value, "name", None) if fits else None
        if len(self.registry.failures) > before:
            return
        if not isinstance(name, str) or not name:
            self._fail(plugin, hook, f"It offered a {type(value).__name__}, which is no {expected.__name__}.")
        elif kind == "commands" and name in RESERVED:
            self._fail(plugin, hook, f"The command {name!r} is one of the program's own.")
        elif name in offers:
            self._fail(plugin, hook, f"The name {name!r} is already taken by the plugin {offers[name].plugin!r}.")
        else:
            offers[name] = Offer(value, plugin.name)

    @contextlib.contextmanager
    def _guarded(self, plugin: Plugin, stage: str) -> Iterator[None]:
        """Run a plugin's code: a fault of any kind is remembered and does not go further."""
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin's fault must not end the program
            self._fail(plugin, stage, _sentence(error))

    def _fail(self, plugin: Plugin, stage: str, message: str) -> None:
        if stage in ("find", "import"):
            plugin.status = "failed"
        self.registry.failures.append(Failure(plugin.name, stage, message))


def _argument_names(function: Any) -> tuple[str, ...]:
    """The arguments without a default; pluggy leaves those with one alone."""
    code = function.__code__
    return tuple(code.co_varnames[: code.co_argcount - len(function.__defaults__ or ())])


def _has(value: Any, attribute: str) -> bool:
    try:
        inspect.getattr_static(value, attribute)
    except AttributeError:
        return hasattr(type(value), "__getattr__")
    return True


def _spec_arguments(hook: str) -> set[str]:
    return set(_argument_names(getattr(hookspecs, hook)))


def _sentence(error: BaseException) -> str:
    if isinstance(error, AssistantError):
        return str(error)
    if isinstance(error, SystemExit):
        return f"it called exit({error.code!r})"
    try:
        text = f"{type(error).__name__}: {error}"[:400]
    except Exception:  # noqa: BLE001 - a plugin's own exception may fail at being shown
        text = type(error).__name__
    return text if isinstance(error, SyntaxError) else text + _where(error)


def _where(error: BaseException) -> str:
    """The deepest line in a plugin's own files, else the deepest of all."""
    places = [
        (frame.f_globals.get("__name__", ""), f" ({frame.f_code.co_filename.rpartition('/')[2]}:{line})")
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith("<frozen")
    ]
    own = [place for name, place in places if str(name).startswith(NAMESPACE)]
    return (own or [place for _, place in places] or [""])[-1]
