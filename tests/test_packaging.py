"""The wheel carries the bundled plugins and runs from another folder, as the checkout does."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(target), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(target.glob("*.whl"))


def run(folder, *arguments, path):
    environment = {**os.environ, "ASSISTANT_HOME": str(folder / "home"), "PYTHONPATH": str(path)}
    return subprocess.run(
        [sys.executable, "-P", "-m", "assistant", *arguments],
        cwd=folder, env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip


def test_wheel_holds_the_plugins_and_runs(wheel, tmp_path):
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    assert (site / "assistant" / "_plugins" / "rag" / "__init__.py").is_file()
    assert (site / "assistant" / "tui" / "app.tcss").is_file()
    out = run(tmp_path, "plugins", "list", path=site)
    assert "rag" in out
    assert "lora" in out
    (tmp_path / "n.md").write_text("The beacon is violet.")
    run(tmp_path, "config", "set", "plugin.rag.embedder", "/nowhere", path=site)
    run(tmp_path, "kb", "add", "n.md", path=site)
    assert "violet" in run(tmp_path, "kb", "search", "beacon", path=site)


def test_checkout_runs_from_another_folder(tmp_path):
    assert "rag" in run(tmp_path, "plugins", "list", path=ROOT)
