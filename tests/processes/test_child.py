"""Real child processes."""

import sys
import textwrap

import pytest

from assistant.processes.child import LOG_BYTES, spawn
from assistant.processes.frames import read_frame, write_frame

ECHO = """
    import os, sys
    from assistant.processes.child import take_stdio
    from assistant.processes.frames import read_frame, write_frame
    source, sink = take_stdio()
    print("a stray print")
    os.system("echo a stray program")
    print("to the log", file=sys.stderr, flush=True)
    while (frame := read_frame(source)) is not None:
        write_frame(sink, {"args": sys.argv[1:], "got": frame[0], "path": sys.path, "extra": os.environ.get("EXTRA")})
"""


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Write a module that a child can import."""

    def write(source):
        (tmp_path / "child_of_test.py").write_text(textwrap.dedent(source))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        return "child_of_test"

    return write


def test_frames_pass_and_prints_go_to_the_log(module, tmp_path):
    log = tmp_path / "logs" / "child.log"
    child = spawn(module(ECHO), ["one", "two"], log=log, env={"EXTRA": "yes"})
    write_frame(child.stdin, {"hello": 1})
    value = read_frame(child.stdout)[0]
    assert (value["args"], value["got"], value["extra"]) == (["one", "two"], {"hello": 1}, "yes")
    child.stdin.close()
    assert read_frame(child.stdout) is None
    assert child.describe_exit() == "exit code 0"
    assert {"a stray print", "a stray program", "to the log"} <= set(log.read_text().splitlines())
    child.stdout.close()
    child.kill()


def test_nothing_is_imported_from_the_current_folder(module, tmp_path, monkeypatch):
    name = module(ECHO)
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "json.py").write_text("raise SystemExit('run from the current folder')")
    monkeypatch.chdir(folder)
    child = spawn(name, [], log=None)
    write_frame(child.stdin, {})
    value = read_frame(child.stdout)[0]
    assert "" not in value["path"]
    assert str(folder) not in value["path"]
    child.kill()
    child.stdout.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_a_killed_child_is_described_and_its_last_words_kept(module):
    child = spawn(
        module("import os, sys\nprint('the reason', file=sys.stderr, flush=True)\nos.kill(os.getpid(), 9)"),
        [],
        log=None,
    )
    assert child.describe_exit() == "killed by SIGKILL"
    assert child.last_words() == ["the reason"]
    child.kill()
    child.stdout.close()


def test_a_log_holds_the_words_of_this_child_alone_and_does_not_grow_for_ever(module, tmp_path):
    log = tmp_path / "child.log"
    log.write_text("older\n")
    name = module("import sys\nsys.exit('newer')")
    for expected in ("older\nnewer\n", "newer\n"):
        child = spawn(name, [], log=log)
        assert child.describe_exit() == "exit code 1"
        assert child.last_words() == ["newer"]
        child.kill()
        child.stdout.close()
        assert log.read_text() == expected
        log.write_text("x" * (LOG_BYTES + 1))
