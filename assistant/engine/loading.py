"""A model and its context, with parameters that suit the machine (llama.cpp's own defaults do not)."""

import os
from pathlib import Path
from typing import Any

from assistant.engine.gguf_file import GGUFFile
from assistant.engine.llama_log import LlamaLog
from assistant.engine.options import EngineOptions
from assistant.engine.threads import physical_cores
from assistant.errors import ModelError

N_BATCH = 512
DEFAULT_WINDOW = 8192
PAD = 256
"""llama.cpp rounds the window up to a multiple of this."""
OUTPUTS = 4
"""Positions with logits in one batch; each reserves the size of the vocabulary in floats."""
FLASH = {"auto": -1, "off": 0, "on": 1}
KV_TYPES = {"f16": 1, "q8_0": 8}
KV_BYTES = {"f16": 2.0, "q8_0": 34 / 32}
ALL_LAYERS = 999
MAX_THREADS = 512
"""ggml aborts above this."""


def load_model(lc: Any, log: LlamaLog, path: Path, options: EngineOptions) -> Any:
    """The weights, mapped into memory. Raises `ModelError` with llama.cpp's reason."""
    params = lc.llama_model_default_params()
    params.n_gpu_layers = gpu_layers(lc, options)
    model = lc.llama_model_load_from_file(os.fsencode(path), params)
    if not model:
        raise ModelError(
            f"llama.cpp cannot load {path}: {log.explain()}.", "It may be damaged, or need a newer program."
        )
    return model


def make_context(lc: Any, log: LlamaLog, model: Any, header: GGUFFile, options: EngineOptions) -> Any:
    """A context of one sequence. Raises `ModelError` when there is no memory for it."""
    params = lc.llama_context_default_params()
    trained = int(lc.llama_model_n_ctx_train(model))
    wanted = options.n_ctx or min(trained or DEFAULT_WINDOW, DEFAULT_WINDOW)
    params.n_ctx = max(PAD, -(-wanted // PAD) * PAD)
    _check_room(header, params.n_ctx, options)
    params.n_batch = params.n_ubatch = N_BATCH
    params.n_outputs_max = OUTPUTS
    params.n_threads = params.n_threads_batch = min(options.threads or physical_cores(), MAX_THREADS)
    params.flash_attn_type = FLASH.get(options.flash_attention, FLASH["auto"])
    params.type_k = params.type_v = KV_TYPES.get(options.kv_type, KV_TYPES["f16"])
    context = lc.llama_init_from_model(model, params)
    if not context:
        raise _no_room(params.n_ctx, log.explain())
    return context


def gpu_layers(lc: Any, options: EngineOptions) -> int:
    """Layers to put on a GPU: as wanted, else all where llama.cpp was built for one."""
    if options.gpu_layers >= 0:
        return options.gpu_layers
    return ALL_LAYERS if lc.llama_supports_gpu_offload() else 0


def _check_room(header: GGUFFile, n_ctx: int, options: EngineOptions) -> None:
    """Refuse a KV cache larger than the machine: the system promises such memory, and kills whoever uses it."""

    def number(key: str) -> int:
        value = header.metadata.get(f"{header.architecture}.{key}")
        value = max(value, default=0) if isinstance(value, list) else value
        return value if isinstance(value, int) else 0

    try:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return
    heads = number("attention.head_count")
    size = number("attention.key_length") or (number("embedding_length") // heads if heads else 0)
    values = 2 * number("block_count") * (number("attention.head_count_kv") or heads) * size
    needed = values * n_ctx * KV_BYTES.get(options.kv_type, 2.0)
    if needed > memory:
        raise _no_room(n_ctx, f"it takes {needed / 1e9:.0f} GB and the machine has {memory / 1e9:.0f} GB")


def _no_room(n_ctx: int, reason: str) -> ModelError:
    return ModelError(
        f"There is no room for a window of {n_ctx} tokens: {reason}.",
        "Choose a smaller one: assistant config set model.n_ctx 4096",
    )
