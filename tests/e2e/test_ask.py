"""`assistant ask` as a script uses it: a real process, the starter model, real notes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def assistant(home, shared_cache):
    home.mkdir(parents=True)
    (home / "cache").symlink_to(shared_cache, target_is_directory=True)

    def run(*arguments, stdin=""):
        command = [sys.executable, "-m", "assistant", *arguments]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, input=stdin, check=False)

    return run


@pytest.mark.slow
class TestAsk:
    def test_invented_fact_is_cited_with_file_and_line(self, assistant, tmp_path):
        note = tmp_path / "relay.md"
        note.write_text("# Relay\n\nNotes of Tuesday.\n\nThe beacon of the Zanthar relay is violet.\n")
        assert assistant("kb", "add", str(note)).returncode == 0
        question = "What colour is the beacon of the Zanthar relay?"
        value = json.loads(assistant("ask", question, "--json", "--temperature", "0").stdout)
        assert "violet" in value["answer"]
        citation = value["citations"][0]
        assert (citation["path"], citation["line_start"], citation["line_end"]) == (str(note), 5, 5)
        assert citation["quote"] == note.read_text()[citation["char_start"] : citation["char_end"]]
        assert f"[{citation['n']}]" in value["answer"]
        usage = value["usage"]
        assert usage["prompt_tokens"] == usage["prompt_tokens_evaluated"] + usage["cached_tokens"]
        without = json.loads(assistant("ask", question, "--json", "--no-kb").stdout)
        assert without["citations"] == without["passages"] == []
        again = json.loads(assistant("ask", "Thanks", "--chat", value["chat"], "--json", "--max-tokens", "5").stdout)
        assert again["chat"] == value["chat"]
        assert "Zanthar" in assistant("chats", "show", value["chat"]).stdout

    def test_same_seed_same_answer_and_no_escapes_in_a_pipe(self, assistant):
        first, second = (assistant("ask", "Name a fruit.", "--seed", "7", "--max-tokens", "20") for _ in range(2))
        assert first.returncode == 0
        assert first.stdout == second.stdout
        assert "\x1b" not in first.stdout

    def test_text_on_stdin_is_attached(self, assistant):
        text = "The password of the shed is kumquat.\n"
        done = assistant("ask", "What is the password of the shed?", "--temperature", "0", stdin=text)
        assert "kumquat" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["ask", "hi", "--model", "none"], 1, "no model named 'none'"),
        (["ask", "hi", "--model", "/none.gguf"], 1, "no model file"),
        (["ask", "hi", "--adapter", "none"], 1, "no adapter named"),
        (["ask", "hi", "--kb", "none"], 1, "no collection named"),
        (["ask", "hi", "--chat", "none"], 1, "no chat 'none'"),
        (["ask", "hi", "--kb", "a", "--no-kb"], 2, "exclude each other"),
        (["ask", "  "], 2, "question is empty"),
        (["ask"], 2, "Missing argument"),
        (["aks"], 2, "Did you mean 'ask'"),
        (["chats", "show", "none"], 1, "no chat"),
        (["adapters", "info", "none"], 1, "none"),
        (["plugins", "trust", "none"], 1, "no plugin named"),
        (["config", "set", "sampling.topk", "3"], 1, "Did you mean top_k"),
        ([], 2, "needs a terminal"),
    ],
)
def test_bad_input_gets_one_sentence_and_the_right_exit_code(assistant, arguments, code, message):
    done = assistant(*arguments)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("content", [b"", b"GGUF", b"not a model", b"GGUF\x03\x00\x00\x00" + b"\xff" * 40])
def test_damaged_models_are_refused(assistant, tmp_path, content):
    file = tmp_path / "bad.gguf"
    file.write_bytes(content)
    for arguments in (["models", "add", str(file)], ["ask", "hi", "--model", str(file)]):
        done = assistant(*arguments)
        assert done.returncode == 1
        assert "bad.gguf" in done.stderr
        assert "Traceback" not in done.stderr


def test_doctor_finds_everything_in_order(assistant):
    done = assistant("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 0, checks
    assert checks["offline"]["ok"]
