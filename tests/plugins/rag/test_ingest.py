"""Taking files in, when things go wrong."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from assistant.storage.repair import check_file
from assistant.trust import TrustStore, fingerprint

ROOT = Path(__file__).parents[3]


def start(*arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "assistant", "kb", *[str(a) for a in arguments]]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def count(database, table):
    """Rows of a table as another process sees them; 0 before there is one."""
    if not database.exists():
        return 0
    try:
        connection = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
        return next(connection.execute(f"SELECT count(*) FROM {table}"))[0]
    except (apsw.SQLError, apsw.CantOpenError, apsw.BusyError):
        return 0


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize("table", ["files", "vectors"], ids=["while reading", "while embedding"])
def test_a_run_that_is_killed_loses_and_doubles_nothing(run, cached_home, tmp_path, table):
    folder = tmp_path / "many"
    folder.mkdir()
    for i in range(200):
        (folder / f"n{i:03}.md").write_text(f"# Note {i}\n\nThe number of this note is {i * 7}.\n")
    run("kb", "add", folder / "n000.md")
    database = cached_home / "data" / "knowledge.db"
    child = start("add", folder)
    while child.poll() is None and count(database, table) <= 1:
        pass
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert 1 < count(database, "files") <= 200
    assert count(database, "vectors") < 200
    found = json.loads(run("kb", "search", "note 0 number", "--json")[1])["results"]
    assert found, "what was stored before the end is found"
    report = json.loads(run("kb", "add", folder, "--json")[1])
    assert report["added"] + report["unchanged"] == 200
    status = json.loads(run("kb", "status", "--json")[1])
    assert (status["files"], status["chunks"], status["embedded"]) == (200, 200, 200)
    assert check_file(database) == []
    best = json.loads(run("kb", "search", "Note 123", "--json", "-k", "1")[1])["results"][0]
    assert Path(best["path"]).name == "n123.md"


def test_hidden_files_loops_and_pipes_are_passed_by(run, notes):
    (notes / ".secret.md").write_text("hidden words")
    (notes / ".git").mkdir()
    (notes / ".git" / "config.md").write_text("hidden words")
    (notes / "sub" / "loop").symlink_to(notes, target_is_directory=True)
    (notes / "dangling.md").symlink_to(notes / "nowhere.md")
    os.mkfifo(notes / "pipe.md")
    report = json.loads(run("kb", "add", notes, "--json")[1])
    assert (report["added"], report["skipped"], report["failed"]) == (3, 1, [])
    code, out = run("kb", "add", notes / "pipe.md", "--json")
    assert code == 3
    assert json.loads(out)["failed"][0]["reason"] == "is no regular file"


def test_a_name_that_is_no_text_costs_one_file(run, notes):
    try:
        (notes / os.fsdecode(b"caf\xe9.md")).write_text("coffee")
    except OSError:
        pytest.skip("this file system takes no such name")
    code, out = run("kb", "add", notes, "--json")
    report = json.loads(out)
    assert code == 3
    assert report["added"] == 3
    assert report["failed"][0]["reason"] == "its name is no valid text"


def test_files_that_may_not_be_read_are_failed_and_what_was_known_stays(run, notes):
    run("kb", "add", notes)
    (notes / "new.md").write_text("Nobody may read this.")
    (notes / "new.md").chmod(0)
    (notes / "page.html").write_text("<p>Nor this any more.</p>")
    (notes / "page.html").chmod(0)
    if os.access(notes / "new.md", os.R_OK):
        pytest.skip("this user may read everything")
    (notes / "sub").chmod(0)
    try:
        code, out = run("kb", "sync", "--json")
    finally:
        (notes / "sub").chmod(0o755)
    report = json.loads(out)
    assert code == 3
    assert {Path(f["path"]).name for f in report["failed"]} == {"new.md", "page.html", "sub"}
    assert report["removed"] == 0
    assert "seven" in run("kb", "search", "ferry")[1]
    assert "cats.txt" in run("kb", "search", "Mirabel")[1]


def test_a_place_is_one_place_however_it_is_written(run, notes, monkeypatch):
    run("kb", "add", notes)
    monkeypatch.chdir(notes / "sub")
    report = json.loads(run("kb", "add", "../relay.md", "./cats.txt", "../sub/../page.html", "--json")[1])
    assert (report["added"], report["unchanged"]) == (0, 3)
    assert run("kb", "show", "../sub/cats.txt", "--text")[1].startswith("Our cat")
    assert run("kb", "forget", ".")[0] == 0
    assert json.loads(run("kb", "status", "--json")[1])["files"] == 2


def test_copies_are_embedded_once(run, notes, tmp_path):
    run("kb", "add", notes)
    report = json.loads(run("kb", "add", shutil.copytree(notes, tmp_path / "copy"), "--name", "other", "--json")[1])
    assert (report["added"], report["embedded"]) == (3, 0)
    found = json.loads(run("kb", "search", "resting pet", "--kb", "other", "--json", "-k", "1")[1])["results"][0]
    assert found["path"] == str(tmp_path / "copy" / "sub" / "cats.txt")
    assert "cosine" in found["scores"]


def test_a_vanished_folder_is_emptied_and_comes_back(run, notes, tmp_path):
    run("kb", "add", notes)
    notes.rename(tmp_path / "away")
    code, out = run("kb", "sync", "--json")
    assert (code, json.loads(out)["removed"]) == (0, 3)
    code, out = run("kb", "sync", "--json")
    assert (code, json.loads(out)["removed"]) == (0, 0)
    (tmp_path / "away").rename(notes)
    assert json.loads(run("kb", "sync", "--json")[1])["added"] == 3


def test_failures_are_remembered_and_forgiven_when_the_file_is_mended(run, notes):
    bad = notes / "bad.pdf"
    bad.write_bytes(b"%PDF-1.7 nothing")
    first = json.loads(run("kb", "add", notes, "--json")[1])["failed"]
    assert json.loads(run("kb", "sync", "--json")[1])["failed"] == first
    assert run("kb", "show", bad)[0] == 1
    bad.unlink()
    report = json.loads(run("kb", "sync", "--json")[1])
    assert (report["removed"], report["failed"]) == (1, [])


def test_a_file_type_of_another_plugin_is_read_in_the_worker(run, cached_home, notes):
    place = cached_home / "config" / "plugins" / "captions.py"
    place.parent.mkdir(parents=True)
    place.write_text(
        "from assistant.api import Block, Document, DocumentLoader, hookimpl\n"
        "def load(data, path):\n"
        "    text = data.decode()\n"
        "    return Document(text, (Block(0, len(text)),), title=path.stem)\n"
        "@hookimpl\n"
        "def register_loaders():\n"
        "    return [DocumentLoader('captions', ('.cap',), load)]\n"
    )
    TrustStore(cached_home / "config" / "trusted-plugins.json").trust("captions", fingerprint(place))
    (notes / "film.cap").write_text("The lighthouse keeper waves.")
    assert json.loads(run("kb", "add", notes, "--json")[1])["added"] == 4
    assert "film.cap" in run("kb", "search", "lighthouse keeper")[1]


def test_names_and_texts_cannot_steer_the_terminal(run, notes):
    (notes / "evil\x1b[2J\nline.md").write_text("# Ti\x1b]0;owned\x07tle\n\nZebra \x1b[31mred\x1b[0m words.\n")
    (notes / "bad\x1b[2J.pdf").write_bytes(b"nothing")
    code, out = run("kb", "add", notes)
    assert code == 3
    out += run("kb", "search", "zebra", "--explain")[1] + run("kb", "status")[1]
    assert "Zebra" in out
    assert "\x1b" not in out
    assert "\x07" not in out
