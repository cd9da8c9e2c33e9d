"""Headers that llama.cpp must not see."""

import random
import subprocess
import sys

import numpy as np
import pytest

from assistant.engine import check_adapter, check_model
from assistant.errors import AdapterError, ModelError


def test_importing_the_engine_is_light():
    code = "import sys, assistant.engine; print([m for m in ('llama_cpp', 'numpy', 'jinja2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_good_adapter_is_described(write_lora, header):
    facts = check_adapter(write_lora(), header)
    assert (facts.rank, facts.alpha, facts.tensors, facts.targets, facts.precision) == (4, 8.0, 2, ("attn_q",), "F32")


@pytest.mark.parametrize(
    "spoiled",
    [
        {"arch": "qwen2"},
        {"kind": "model"},
        {"int_alpha": True},
        {"alpha": float("nan")},
        {"halves": ("lora_a",)},
        {"inner": 64},
        {"outer": 64},
        {"base": "blk.99.attn_q.weight"},
        {"base": "token_embd.weight", "outer": 49152},
        {"dtype": np.float64},
    ],
    ids=str,
)
def test_a_spoiled_adapter_is_refused(write_lora, header, spoiled):
    with pytest.raises(AdapterError, match=r"bad\.gguf"):
        check_adapter(write_lora("bad.gguf", **spoiled), header)


def test_an_adapter_that_says_what_it_was_made_for_is_quoted(write_lora, header):
    path = write_lora("other.gguf", arch="qwen2", made_for="Qwen2.5 0.5B")
    with pytest.raises(AdapterError) as refusal:
        check_adapter(path, header)
    assert "qwen2" in refusal.value.message
    assert "Qwen2.5 0.5B" in refusal.value.hint


def test_mutated_headers_raise_nothing_else(write_lora, header, tmp_path):
    good = write_lora().read_bytes()
    chance = random.Random(7)
    path = tmp_path / "mutant.gguf"
    for _ in range(200):
        data = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(400)] = chance.choice((0, 1, 8, 9, 127, 255, chance.randrange(256)))
        path.write_bytes(data[: chance.choice((len(data), chance.randrange(500)))])
        for check in (check_model, lambda file: check_adapter(file, header)):
            try:
                check(path)
            except (ModelError, AdapterError):
                pass
