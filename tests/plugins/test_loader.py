"""Plugins: bundled, dropped in, trusted, changed, disabled, installed; and broken ones beside good ones."""

import json
import subprocess
import sys
import textwrap

import pytest

from assistant.cli.compose import Program
from assistant.cli.main import COMMANDS, run
from assistant.config import set_value
from assistant.registry import RESERVED
from assistant.trust import fingerprint
from assistant.tui.commands import BUILT_IN

GOOD = """
from assistant.api import Command, Found, hookimpl

class Source:
    name = "good"
    def collections(self): return ["good"]
    def search(self, query, *, collections=(), k=10): return Found(())
    def surroundings(self, ref, chars=1200): return "", ""

@hookimpl
def register_knowledge(): return [Source()]

@hookimpl
def register_commands(host): return [Command("good", "Be good.", chat=lambda chat, text: "good")]
"""
HEAD = "from assistant.api import Command, hookimpl\n"
BROKEN = {
    "syntax": ("def register_commands(:\n", "import", "SyntaxError"),
    "leaver": ("raise SystemExit(3)\n", "import", "exit(3)"),
    "missing": ("import no_such_package_anywhere\n", "import", "no_such_package_anywhere"),
    "hookless": ("x = 1\n", "import", "no hook"),
    "misspelt": (HEAD + "@hookimpl\ndef register_comands(): return []\n", "hooks", "register_commands"),
    "argument": (HEAD + "@hookimpl\ndef register_commands(app): return []\n", "hooks", "app"),
    "halfway": (
        HEAD + "@hookimpl\ndef register_commands():\n    yield Command('half', 'x')\n    1 / 0\n",
        "register_commands",
        "halfway.py:5",
    ),
    "wrongtype": (HEAD + "@hookimpl\ndef register_commands(): return ['me']\n", "register_commands", "Command"),
    "thief": (
        HEAD + "@hookimpl\ndef register_commands(): return [Command('good', 'x')]\n",
        "register_commands",
        "taken",
    ),
    "lazy": (
        HEAD + "class E:\n    dimensions = fingerprint = embed = embed_query = 1\n"
        "    @property\n    def name(self): raise OSError('gone')\n"
        "@hookimpl\ndef register_embedders(): return [E()]\n",
        "register_embedders",
        "gone",
    ),
    "usurper": (
        HEAD + "@hookimpl\ndef register_commands(): return [Command('models', 'x')]\n",
        "register_commands",
        "program's own",
    ),
    "baseless": ("class Odd(BaseException): pass\nraise Odd('strange')\n", "import", "strange"),
    "looper": (
        HEAD + "@hookimpl\ndef register_adapters(host): host.adapters(); 1 / 0\n",
        "register_adapters",
        "ZeroDivisionError",
    ),
}


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    return tmp_path


def drop(home, name, code, *, trust=True):
    """Drop a plugin in: code for NAME.py, or a dictionary of files for a folder."""
    program = Program()
    place = program.folders.plugins / (name if isinstance(code, dict) else f"{name}.py")
    files = code if isinstance(code, dict) else {"": code}
    for path, text in files.items():
        file = place / path if path else place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), "utf-8")
    if trust:
        program.trust.trust(name, fingerprint(place))
    return place


def status(program, name):
    return [plugin.status for plugin in program.plugins.plugins if plugin.name == name]


def faults(program, name):
    return [(f.stage, f.message) for f in program.plugins.registry.failures if f.plugin == name]


def test_bundled_plugins_load_and_no_plugins_leaves_them_out(home):
    assert status(Program(), "lora") == ["loaded"]
    assert status(Program(no_plugins=True), "lora") == []
    assert status(Program(no_plugins=True), "local_models") == ["loaded"]


def test_a_dropped_in_plugin_runs_when_trusted_and_asks_again_when_changed(home):
    place = drop(home, "fresh", GOOD, trust=False)
    program = Program()
    assert status(program, "fresh") == ["untrusted"]
    assert "good" not in program.registry.commands
    program.trust.trust("fresh", fingerprint(place))
    program = Program()
    assert status(program, "fresh") == ["loaded"]
    assert program.registry.commands["good"].plugin == "fresh"
    assert program.registry.knowledge["good"].plugin == "fresh"
    place.write_text(GOOD.replace("Be good.", "Be bad!!"))
    program = Program()
    assert status(program, "fresh") == ["changed"]
    assert "good" not in program.registry.commands
    program.trust.trust("fresh", fingerprint(place))
    program = Program()
    assert status(program, "fresh") == ["loaded"]
    assert program.registry.commands["good"].value.summary == "Be bad!!"


def test_broken_plugins_are_reported_and_harmless(home):
    drop(home, "a_good", GOOD)
    for name, (code, _, _) in BROKEN.items():
        drop(home, name, code)
    drop(home, "empty_folder", {"notes.txt": "no code"}, trust=False)
    drop(home, "no-module", GOOD, trust=False)
    drop(home, "lora", GOOD)
    program = Program()
    assert status(program, "a_good") == ["loaded"]
    assert program.registry.commands["good"].plugin == "a_good"
    assert program.registry.knowledge["good"].plugin == "a_good"
    assert faults(program, "a_good") == []
    for name, (_, stage, part) in BROKEN.items():
        [(where, message)] = faults(program, name)
        assert where == stage, name
        assert part in message, name
        assert "\n" not in message, name
    assert "half" in program.registry.commands
    assert "__init__" in faults(program, "empty_folder")[0][1]
    assert "module name" in faults(program, "no-module")[0][1]
    assert status(program, "lora") == ["loaded", "failed"]
    assert program.registry.commands["lora"].plugin == "lora"


def test_what_a_plugin_prints_at_its_start_stays_out_of_the_output(home, capsys):
    drop(home, "chatty", "print('hello')\n" + GOOD)
    assert status(Program(), "chatty") == ["loaded"]
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "hello" in shown.err


def test_a_failure_is_listed_with_the_plugin_that_has_it(home, capsys):
    drop(home, "lora", GOOD)
    run(["plugins", "list", "--json"])
    rows = [row for row in json.loads(capsys.readouterr().out)["plugins"] if row["name"] == "lora"]
    assert [(row["status"], len(row["failures"])) for row in rows] == [("loaded", 0), ("failed", 1)]


def test_the_programs_own_commands_are_reserved():
    assert set(COMMANDS) | set(BUILT_IN) == RESERVED


def test_a_disabled_plugin_is_listed_and_not_run(home):
    drop(home, "quiet", "raise SystemExit(1)\n")
    set_value(Program().folders.config_file, "plugins.disabled", '["quiet", "lora"]')
    program = Program()
    assert status(program, "quiet") == ["disabled"]
    assert status(program, "lora") == ["disabled"]
    assert faults(program, "quiet") == []
    assert "lora" not in program.registry.commands


def test_a_hook_may_have_another_function_name_and_default_arguments(home):
    code = HEAD + "@hookimpl(specname='register_commands')\ndef mine(seen=[]): return [Command('mine', 'x')]\n"
    drop(home, "named", code)
    program = Program()
    assert faults(program, "named") == []
    assert "mine" in program.registry.commands


def test_a_folder_plugin_has_relative_imports_and_data_files(home):
    files = {
        "__init__.py": HEAD + "from .words import summary\n"
        "@hookimpl\ndef register_commands(): return [Command('folder', summary())]\n",
        "words/__init__.py": "from .reader import summary\n",
        "words/reader.py": "from importlib.resources import files\n"
        "def summary(): return files('assistant_plugins.foldered').joinpath('summary.txt').read_text()\n",
        "summary.txt": "From a file.",
    }
    place = drop(home, "foldered", files)
    program = Program()
    assert faults(program, "foldered") == []
    assert program.registry.commands["folder"].value.summary == "From a file."
    assert not list(place.rglob("__pycache__"))


def test_an_installed_plugin_is_found_by_its_entry_point(home, monkeypatch):
    site = home / "site"
    info = site / "assistant_tides-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: assistant-tides\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[assistant]\ntides = tides_plugin\nwreck = tides_plugin:nothing\n")
    (site / "tides_plugin.py").write_text(GOOD)
    monkeypatch.syspath_prepend(site)
    program = Program()
    [plugin] = [p for p in program.plugins.plugins if p.name == "tides"]
    assert (plugin.status, plugin.candidate.origin, plugin.candidate.version) == ("loaded", "installed", "1.2")
    assert program.registry.commands["good"].plugin == "tides"
    assert status(program, "wreck") == ["failed"]
    monkeypatch.delitem(sys.modules, "tides_plugin")


def test_discovery_imports_nothing_heavy(home):
    code = """
        import json, sys
        from assistant.cli.compose import Program
        Program().plugins
        heavy = "textual llama_cpp numpy torch sentence_transformers sqlite_vec onnxruntime transformers".split()
        print(json.dumps([name for name in heavy if name in sys.modules]))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == []
