"""What a user trusted is what runs."""

import importlib
import importlib.util
import os
import py_compile
import sys

import pytest

from assistant.errors import PluginError, StorageError
from assistant.namespace import forget, install
from assistant.trust import TrustStore, fingerprint


def folder_plugin(path):
    path.mkdir()
    (path / "__init__.py").write_text("from .part import value\n")
    (path / "part.py").write_text("value = 1\n")
    (path / "words.txt").write_text("one\n")
    return path


def test_the_fingerprint_changes_with_names_contents_and_data_files(tmp_path):
    plugin = folder_plugin(tmp_path / "plugin")
    prints = [fingerprint(plugin)]
    (plugin / "words.txt").write_text("two\n")
    prints.append(fingerprint(plugin))
    (plugin / "part.py").rename(plugin / "other.py")
    prints.append(fingerprint(plugin))
    (plugin / "extra.py").touch()
    prints.append(fingerprint(plugin))
    assert len(set(prints)) == 4
    (plugin / "__pycache__").mkdir()
    (plugin / "__pycache__" / "part.pyc").write_bytes(b"x")
    assert fingerprint(plugin) == prints[-1]


@pytest.mark.parametrize("module", ["__init__", "part"])
def test_planted_bytecode_never_runs_in_place_of_the_trusted_source(tmp_path, module):
    plugin = folder_plugin(tmp_path / "planted")
    source = plugin / f"{module}.py"
    honest = source.read_text()
    evil = "value = 666".ljust(len(honest) - 1) + "\n" if len(honest) > 11 else "value = 6\n"
    stat = source.stat()
    source.write_text(evil)
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    py_compile.compile(str(source), cfile=importlib.util.cache_from_source(str(source)), doraise=True)
    source.write_text(honest)
    os.utime(source, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    install({"planted": plugin})
    try:
        assert importlib.import_module("assistant_plugins.planted").value == 1
        assert "assistant_plugins.planted.part" in sys.modules
    finally:
        forget("planted")


def test_a_link_to_a_folder_cannot_be_trusted(tmp_path):
    plugin = folder_plugin(tmp_path / "plugin")
    (tmp_path / "elsewhere").mkdir()
    (plugin / "linked").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PluginError, match="linked"):
        fingerprint(plugin)


def test_the_store_remembers_survives_damage_and_says_when_it_cannot_write(tmp_path):
    store = TrustStore(tmp_path / "config" / "trusted.json")
    store.trust("a", "1")
    store.trust("b", "2")
    assert store.trusted("a", "1")
    assert not store.trusted("a", "2")
    assert store.knows("b")
    (tmp_path / "config" / "trusted.json").write_text("[")
    assert not store.knows("a")
    (tmp_path / "config" / "trusted.new").mkdir()
    with pytest.raises(StorageError, match=r"trusted\.json"):
        store.trust("c", "3")
