"""How a model is loaded."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Zero and -1 mean "choose": see `config.ModelSettings`."""

    n_ctx: int = 0
    threads: int = 0
    gpu_layers: int = -1
    flash_attention: str = "auto"
    kv_type: str = "f16"
