"""LoRA adapters (Hu et al. 2021, arXiv:2106.09685): small trained matrices laid over a frozen model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AdapterFacts:
    """What the header of a GGUF LoRA says. Its effect is scaled by `alpha / rank`."""

    architecture: str
    rank: int
    alpha: float
    tensors: int
    targets: tuple[str, ...]
    size_bytes: int
    precision: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter on offer, under the name a user types."""

    name: str
    path: Path
    facts: AdapterFacts
    base: str = ""
    """Name of the model it was checked against."""
