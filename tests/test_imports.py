"""What is light stays light: read from sys.modules of a fresh process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HEAVY = {
    "textual", "llama_cpp", "numpy", "torch", "sentence_transformers", "sqlite_vec", "onnxruntime", "transformers",
}  # fmt: skip


def loaded(code, home):
    report = code + "\nimport sys, json; print('MODULES' + json.dumps(sorted({m.split('.')[0] for m in sys.modules})))"
    environment = {**os.environ, "ASSISTANT_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", report], env=environment, capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.rpartition("MODULES")[2]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["plugins", "list"], ["ask", "--help"]])
def test_start_and_plugin_discovery_load_nothing_heavy(arguments, tmp_path):
    code = f"from assistant.cli.main import run\nassert run({arguments!r}) == 0"
    assert loaded(code, tmp_path) & HEAVY == set()


def test_the_engine_is_loaded_in_the_child_alone(tmp_path, starter_model):
    code = (
        "from pathlib import Path\nfrom assistant.engine import Engine\n"
        f"e = Engine('s', Path({str(starter_model)!r}))\ne.load()\ne.close()"
    )
    assert loaded(code, tmp_path) & HEAVY == set()


def test_a_search_by_meaning_imports_no_torch(tmp_path):
    (tmp_path / "n.md").write_text("The beacon is violet.")
    environment = {**os.environ, "ASSISTANT_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assistant", "kb", "add", str(tmp_path / "n.md")]
    subprocess.run(command, env=environment, capture_output=True, check=True)
    modules = loaded(
        "from assistant.cli.main import run\nassert run(['kb', 'search', 'colour of light']) == 0", tmp_path
    )
    assert "onnxruntime" in modules
    assert modules & {"torch", "sentence_transformers", "transformers"} == set()
