"""README's tree, hook table and command table are true."""

import re
from pathlib import Path

from assistant import hookspecs
from assistant.cli.compose import Program
from assistant.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def test_every_folder_and_top_module_stands_in_the_tree():
    tree = README.split("```")[README.split("```").index(next(b for b in README.split("```") if "hookspecs.py" in b))]
    names = {p.name for p in (ROOT / "assistant").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    names |= {p.name for p in (ROOT / "plugins").iterdir() if p.is_dir() and not p.name.startswith("_")}
    assert [n for n in sorted(names) if not re.search(rf"(^|\s){re.escape(n)}/?\s", tree, re.M)] == []
    for line in tree.splitlines():
        if (name := line.strip().split(" ")[0]) and name.endswith(".py"):
            assert list(ROOT.rglob(name)), f"{name} is in the tree and not on disk"


def test_every_hook_is_in_the_table_with_its_signature():
    for name in dir(hookspecs):
        if hasattr(getattr(hookspecs, name), "assistant_spec"):
            assert f"`{name}(" in README, name


def test_every_command_is_in_the_table(home):
    program = Program()
    offered = {name: offer.value for name, offer in program.plugins.registry.commands.items()}
    for name in [*COMMANDS, *(name for name, command in offered.items() if command.shell)]:
        assert f"`assistant {name}" in README, name
    for name in [name for name, command in offered.items() if command.chat]:
        assert f"`/{name}`" in README, name
    program.close()


def test_pictures_are_there():
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", README):
        assert (ROOT / picture).is_file(), picture
