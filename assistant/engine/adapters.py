"""LoRA adapters on a live context: loaded once, laid on with a scale, taken off again."""

import ctypes
import os
from collections.abc import Sequence
from typing import Any

from assistant.api import AdapterUse
from assistant.engine.gguf_file import GGUFFile
from assistant.engine.guard import check_adapter
from assistant.errors import AdapterError

Key = tuple[str, int, int]


class AdapterSet:
    """The adapters of one context. They are freed with the model: freeing one in use would be a use after free."""

    def __init__(self, lc: Any, model: Any, context: Any, header: GGUFFile) -> None:
        self._lc, self._model, self._context, self._header = lc, model, context, header
        self._loaded: dict[Key, Any] = {}
        self._in_use: tuple[tuple[Key, float], ...] = ()

    def use(self, adapters: Sequence[AdapterUse]) -> bool:
        """Lay exactly these on; says whether anything changed. Raises `AdapterError` and then changes nothing."""
        wanted = tuple((self._key(a), float(a.scale)) for a in adapters if a.scale != 0)
        if wanted == self._in_use:
            return False
        handles = [self._load(use) for use in adapters if use.scale != 0]
        count = len(handles)
        pointers = (self._lc.llama_adapter_lora_p_ctypes * count)(*handles) if count else None
        scales = (ctypes.c_float * count)(*(scale for _, scale in wanted)) if count else None
        if self._lc.llama_set_adapters_lora(self._context, pointers, count, scales) != 0:
            raise AdapterError("llama.cpp refused the adapters.", "Use them one by one to find which.")
        self._in_use = wanted
        return True

    def _load(self, use: AdapterUse) -> Any:
        key = self._key(use)
        if key not in self._loaded:
            check_adapter(use.path, self._header)
            handle = self._lc.llama_adapter_lora_init(self._model, os.fsencode(use.path))
            if not handle:
                raise AdapterError(f"llama.cpp cannot load the adapter {use.path}.", "Convert it again.")
            self._loaded[key] = handle
        return self._loaded[key]

    def _key(self, use: AdapterUse) -> Key:
        try:
            facts = use.path.stat()
        except OSError as error:
            raise AdapterError(f"The adapter {use.name} is gone: {use.path}.", "Add it again.") from error
        return str(use.path), facts.st_mtime_ns, facts.st_size
