"""llama_cpp's low-level half, without the other."""

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

from assistant.errors import ModelError


def low_level() -> Any:
    """The module `llama_cpp.llama_cpp`. Raises `ModelError` when it cannot be loaded.

    Importing the package also imports its high-level half, with numpy and more: 75 ms before the first
    answer. An empty package in its place lets the submodule be imported alone.
    """
    try:
        spec = importlib.util.find_spec("llama_cpp")
        if "llama_cpp" not in sys.modules and spec is not None and spec.submodule_search_locations:
            hollow = ModuleType("llama_cpp")
            hollow.__path__ = list(spec.submodule_search_locations)
            hollow.__spec__ = spec
            sys.modules["llama_cpp"] = hollow
            try:
                return importlib.import_module("llama_cpp.llama_cpp")
            except (ImportError, AttributeError):
                # Another version's low-level half may need the package after all.
                for name in [name for name in sys.modules if name.partition(".")[0] == "llama_cpp"]:
                    del sys.modules[name]
        return importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, OSError, RuntimeError) as error:
        raise ModelError(
            f"llama.cpp cannot be loaded: {error}.",
            "Install it again: pip install --force-reinstall --no-cache-dir llama-cpp-python",
        ) from error
