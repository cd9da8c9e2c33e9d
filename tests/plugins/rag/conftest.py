"""`assistant kb` in this process, with one exported embedder for all tests of a run."""

import pytest
from click.testing import CliRunner

from assistant.cli.compose import Program
from assistant.cli.main import cli
from assistant.errors import AssistantError


@pytest.fixture
def cached_home(home, shared_cache):
    """A home whose embedder need not be exported again."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "cache").symlink_to(shared_cache, target_is_directory=True)
    return home


@pytest.fixture
def run(cached_home, monkeypatch):
    """Run `assistant ...` in this process; returns (exit code, stdout). What was raised is in `run.error`."""
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments, stdin=None):
        program = Program(notify=lambda text: None)
        result = CliRunner().invoke(cli, [str(argument) for argument in arguments], obj=program, input=stdin)
        program.close()
        if result.exception and not isinstance(result.exception, SystemExit | AssistantError):
            raise result.exception
        call.error, call.stderr = result.exception, result.stderr
        code = result.exception.exit_code if isinstance(result.exception, AssistantError) else result.exit_code
        return code, result.stdout

    return call


@pytest.fixture
def cached_program(cached_home):
    """The whole program, for tests that call the plugin's parts."""
    program = Program(notify=lambda text: None)
    yield program
    program.close()


@pytest.fixture
def notes(tmp_path):
    folder = tmp_path / "notes"
    (folder / "sub").mkdir(parents=True)
    (folder / "relay.md").write_text(
        "# Relay\n\nThe Zanthar relay stands on Quellmark.\n\n## Beacon\n\nIts beacon is violet.\n"
    )
    (folder / "sub" / "cats.txt").write_text("Our cat Mirabel sleeps all day.\nShe eats fish.\n")
    (folder / "page.html").write_text("<html><body><h1>Ferry</h1><p>The ferry sails at <b>seven</b>.</p></body></html>")
    (folder / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    return folder
