"""The synthetic package `assistant_plugins`: relative imports, data files, pickling and tracebacks for plugins.

It knows exactly the plugins it is told of, bundled or trusted; a plugin that is not cannot be imported.
A dropped-in plugin is always compiled from source: cached bytecode is no part of what the user trusted.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

NAMESPACE = "assistant_plugins"
_PACKAGE = Path(__file__).resolve().parent
BUNDLED = (_PACKAGE / "_plugins", _PACKAGE.parent / "plugins")


class SourceLoader(importlib.machinery.SourceFileLoader):
    """Loads a module from its source alone, and writes no bytecode."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Refuse to name the time of the source, without which Python neither reads nor writes bytecode."""
        raise OSError(f"no bytecode for {path}")


class PluginFinder:
    """Finds `assistant_plugins`, the plugins below it, and the submodules of those that were dropped in."""

    def __init__(self) -> None:
        self.plugins: dict[str, Path] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Implement `importlib.abc.MetaPathFinder`."""
        del target
        if fullname == NAMESPACE:
            return importlib.machinery.ModuleSpec(NAMESPACE, None, is_package=True)
        top, _, rest = fullname.partition(".")
        name, _, below = rest.partition(".")
        place = self.plugins.get(name) if top == NAMESPACE else None
        if place is None:
            return None
        bundled = place.parent.resolve() in BUNDLED
        if below:
            return None if bundled else _submodule(fullname, path or ())
        file, folders = (place / "__init__.py", [str(place)]) if place.is_dir() else (place, None)
        loader = None if bundled else SourceLoader(fullname, str(file))
        return importlib.util.spec_from_file_location(fullname, file, loader=loader, submodule_search_locations=folders)


def _submodule(fullname: str, path: Sequence[str]) -> importlib.machinery.ModuleSpec | None:
    loaders = [
        (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
        (SourceLoader, importlib.machinery.SOURCE_SUFFIXES),
    ]
    for folder in path:
        spec = importlib.machinery.FileFinder(folder, *loaders).find_spec(fullname)
        if spec is not None and spec.loader is not None:
            return spec
    return None


_finder = PluginFinder()


def install(plugins: Mapping[str, Path]) -> None:
    """Let these plugins (name to `NAME.py` or folder) be imported as `assistant_plugins.NAME`."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.plugins.update(plugins)


def installed() -> dict[str, Path]:
    """The plugins that can be imported now."""
    return dict(_finder.plugins)


def forget(name: str) -> None:
    """Make a plugin unimportable again and drop its modules."""
    _finder.plugins.pop(name, None)
    prefix = f"{NAMESPACE}.{name}"
    for module in [m for m in sys.modules if m == prefix or m.startswith(prefix + ".")]:
        del sys.modules[module]
