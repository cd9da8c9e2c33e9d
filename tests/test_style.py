"""A file is a room: how large files and classes may be, and what they may not be called."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[1]
FILES = [file for folder in ("assistant", "plugins") for file in sorted((ROOT / folder).rglob("*.py"))]
VAGUE = {"utils", "util", "helpers", "helper", "manager", "base", "core", "common", "misc"}


def lines(file):
    return len(file.read_text("utf-8").splitlines())


def test_files_are_small():
    assert [f"{f.relative_to(ROOT)}: {lines(f)}" for f in FILES if lines(f) > 400] == []
    assert statistics.median(lines(f) for f in FILES if lines(f) > 5) <= 150


def test_classes_have_few_methods():
    large = []
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                methods = [n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
                if len(methods) > 25:
                    large.append(f"{file.relative_to(ROOT)}: {node.name} has {len(methods)}")
    assert large == []


def test_modules_have_names_of_the_field_and_say_what_they_are():
    assert [str(f.relative_to(ROOT)) for f in FILES if f.stem in VAGUE] == []
    silent = [
        f for f in FILES if f.read_text("utf-8").strip() and not ast.get_docstring(ast.parse(f.read_text("utf-8")))
    ]
    assert silent == []


def test_plugins_use_the_public_surface_alone():
    allowed = ("assistant.api", "assistant.knowledge", "assistant.errors")
    wrong = []
    for file in [*(ROOT / "plugins").rglob("*.py"), *(ROOT / "assistant" / "default_plugins").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level and node.module:
                names = [node.module]
            wrong += [
                f"{file.name}: {n}" for n in names if n.split(".")[0] == "assistant" and not n.startswith(allowed)
            ]
    assert wrong == []
