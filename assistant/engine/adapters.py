"""LoRA adapters on a live context: loaded once, laid on with a scale, taken off again."""

import ctypes
import math
import os
from collections.abc import Sequence
from typing import Any

from assistant.api import AdapterUse
from assistant.engine.gguf_file import GGUFFile
from assistant.engine.guard import check_adapter
from assistant.errors import AdapterError

Key = tuple[str, int, int]
KEPT = 8
"""Adapters that stay loaded; beyond that, those not in use are freed."""


class AdapterSet:
    """The adapters of one context."""

    def __init__(self, lc: Any, model: Any, context: Any, header: GGUFFile) -> None:
        self._lc, self._model, self._context, self._header = lc, model, context, header
        self._loaded: dict[Key, Any] = {}
        self._in_use: dict[Key, float] = {}

    def use(self, adapters: Sequence[AdapterUse]) -> bool:
        """Lay exactly these on; says whether anything changed. Raises `AdapterError` and then changes nothing.

        The same file named twice counts with the sum of its scales: adapters add up.
        """
        wanted: dict[Key, float] = {}
        for use in adapters:
            if not math.isfinite(use.scale):
                raise AdapterError(f"{use.scale} is no scale for the adapter {use.name}.", "Choose a number such as 1.")
            if use.scale != 0:
                key = self._load(use)
                wanted[key] = wanted.get(key, 0.0) + use.scale
        wanted = {key: scale for key, scale in wanted.items() if scale != 0}
        if wanted == self._in_use:
            return False
        count = len(wanted)
        pointers = (self._lc.llama_adapter_lora_p_ctypes * count)(*(self._loaded[key] for key in wanted))
        scales = (ctypes.c_float * count)(*wanted.values())
        if self._lc.llama_set_adapters_lora(self._context, *((pointers, count, scales) if count else (None, 0, None))):
            raise AdapterError("llama.cpp refused the adapters.", "Use them one by one to find which.")
        self._in_use = wanted
        self._free_unused()
        return True

    def _load(self, use: AdapterUse) -> Key:
        try:
            facts = use.path.stat()
        except OSError as error:
            raise AdapterError(f"The adapter {use.name} is gone: {use.path}.", "Add it again.") from error
        key = (str(use.path), facts.st_mtime_ns, facts.st_size)
        if key not in self._loaded:
            check_adapter(use.path, self._header)
            handle = self._lc.llama_adapter_lora_init(self._model, os.fsencode(use.path))
            if not handle:
                raise AdapterError(f"llama.cpp cannot load the adapter {use.path}.", "Convert it again.")
            self._loaded[key] = handle
        return key

    def _free_unused(self) -> None:
        # Never one that is in use: the context would read freed memory.
        unused = [key for key in self._loaded if key not in self._in_use]
        for key in unused[: max(0, len(self._loaded) - KEPT)]:
            self._lc.llama_adapter_lora_free(self._loaded.pop(key))
