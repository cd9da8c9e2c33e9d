"""The embedder: the same vectors as sentence-transformers, without its price."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[3]
TEXTS = ["A violet beacon.", "short", "The quick brown fox. " * 60, "Ünïcödé – 漢字 and more", ""]


@pytest.fixture
def embedder(cached_program):
    return cached_program.plugins.registry.embedders["all-MiniLM-L6-v2"].value


@pytest.mark.slow
def test_the_export_agrees_with_sentence_transformers(embedder):
    from sentence_transformers import SentenceTransformer

    ours = embedder.embed(TEXTS)
    theirs = SentenceTransformer(str(embedder._folder()), device="cpu").encode(TEXTS, normalize_embeddings=True)
    assert ours.shape == (5, 384)
    assert ours.dtype == np.float32
    assert (ours * theirs).sum(axis=1).min() >= 0.999
    assert np.linalg.norm(ours, axis=1) == pytest.approx(1, abs=1e-5)


def test_company_in_a_batch_changes_nothing(embedder):
    together = embedder.embed(TEXTS)
    alone = np.stack([embedder.embed_query(text) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() >= 0.9999


def test_a_damaged_export_is_made_again(embedder):
    embedder.embed_query("warm up")
    file = embedder._cache / embedder.fingerprint / "model.onnx"
    whole = file.read_bytes()
    try:
        file.write_bytes(whole[: len(whole) // 2])
        embedder._session = None
        assert embedder.embed_query("a violet beacon").shape == (384,)
    finally:
        if file.stat().st_size != len(whole):
            file.write_bytes(whole)


def test_a_search_loads_neither_torch_nor_its_friends(run, cached_home, notes):
    run("kb", "add", notes)
    script = (
        "import json, sys\n"
        "from assistant.__main__ import main\n"
        "sys.argv = ['assistant', 'kb', 'search', 'pet animal resting', '--json']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'llama_cpp', 'textual'}\n"
        "print(json.dumps(sorted(heavy & set(sys.modules))))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "ASSISTANT_HOME": str(cached_home)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)
    found, heavy = done.stdout.splitlines()
    assert json.loads(heavy) == []
    assert "cosine" in json.loads(found)["results"][0]["scores"]


def test_an_embedder_of_another_width_is_refused_and_words_still_work(run, cached_home, tmp_path, notes):
    folder = tmp_path / "wide"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"")
    (folder / "config.json").write_text('{"hidden_size": 768}')
    (cached_home / "config").mkdir()
    (cached_home / "config" / "config.toml").write_text(f'[plugin.rag]\nembedder = "{folder.as_posix()}"\n')
    report = json.loads(run("kb", "add", notes, "--json")[1])
    assert (report["added"], report["embedded"]) == (3, 0)
    assert "768" in run.stderr
    code, out = run("kb", "search", "Mirabel", "--explain")
    assert code == 0
    assert "cats.txt" in out
    assert "searched by words alone" in run.stderr
