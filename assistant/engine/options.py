"""How a model is loaded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What the user may choose; see `config.ModelSettings`, whose table `[model]` holds the same.

    `n_ctx` 0 is the trained window but at most 8192 tokens; `threads` 0 is one for each physical core;
    `gpu_layers` -1 is all where llama.cpp was built for a GPU; `flash_attention` is auto, on or off; `kv_type`
    is f16 or q8_0.
    """

    n_ctx: int = 0
    threads: int = 0
    gpu_layers: int = -1
    flash_attention: str = "auto"
    kv_type: str = "f16"
