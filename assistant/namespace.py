"""The synthetic package `assistant_plugins`: relative imports, data files, pickling and tracebacks for plugins.

It knows exactly the plugins it is told of, bundled or trusted; a plugin that is not cannot be imported.
"""

import importlib.machinery
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

NAMESPACE = "assistant_plugins"


class PluginFinder:
    """Finds `assistant_plugins` and the plugins directly below it; their submodules are found the usual way."""

    def __init__(self) -> None:
        self.plugins: dict[str, Path] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Implement `importlib.abc.MetaPathFinder`."""
        del path, target
        if fullname == NAMESPACE:
            return importlib.machinery.ModuleSpec(NAMESPACE, None, is_package=True)
        parent, _, name = fullname.rpartition(".")
        place = self.plugins.get(name) if parent == NAMESPACE else None
        if place is None:
            return None
        if place.is_dir():
            return importlib.util.spec_from_file_location(
                fullname, place / "__init__.py", submodule_search_locations=[str(place)]
            )
        return importlib.util.spec_from_file_location(fullname, place)


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
