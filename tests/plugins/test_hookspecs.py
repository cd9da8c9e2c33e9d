"""Every hook's example runs as a plugin, through the real loader, and offers what the hook is for."""

import inspect
import re
import textwrap
from pathlib import Path

import pytest

from assistant import hookspecs
from assistant.api import Reply, Turn
from assistant.cli.compose import Program
from assistant.knowledge.conformance import check_document, check_source
from assistant.trust import fingerprint

HOOKS = sorted(name for name, value in vars(hookspecs).items() if hasattr(value, "assistant_spec"))


def example(hook):
    code = re.search(r"```python\n(.*?)```", inspect.getdoc(getattr(hookspecs, hook)), re.DOTALL)
    assert code, f"{hook} has no example"
    return textwrap.dedent(code[1])


@pytest.fixture
def notes():
    return []


@pytest.fixture
def load(tmp_path, monkeypatch, notes):
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))

    def load(hook):
        program = Program(notify=notes.append)
        program.folders.plugins.mkdir(parents=True)
        program.folders.data.mkdir(parents=True)
        file = program.folders.plugins / "example.py"
        file.write_text(example(hook), "utf-8")
        program.trust.trust("example", fingerprint(file))
        plugin = next(p for p in program.plugins.plugins if p.name == "example")
        assert plugin.hooks == (hook,)
        assert [f for f in program.registry.failures if f.plugin == "example"] == []
        return program

    return load


def mine(offers):
    return [offer.value for offer in offers.values() if offer.plugin == "example"]


@pytest.mark.parametrize("hook", HOOKS)
def test_the_example_loads_without_a_fault(load, hook):
    load(hook)


def test_the_model_example_lists_the_files_in_its_folder(load):
    program = load("register_models")
    (program.folders.data / "my-models").mkdir()
    (program.folders.data / "my-models" / "tiny.gguf").touch()
    program.plugins.collect("models")
    assert [model.name for model in mine(program.registry.models)] == ["tiny"]


def test_the_embedder_example_gives_unit_vectors(load):
    [embedder] = mine(load("register_embedders").registry.embedders)
    vectors = embedder.embed(["abc", "zebra"])
    assert vectors.shape == (2, embedder.dimensions)
    assert (vectors**2).sum(axis=1) == pytest.approx([1, 1])
    assert embedder.embed_query("abc") == pytest.approx(vectors[0])


def test_the_loader_example_passes_the_checks_for_loaders(load):
    [loader] = mine(load("register_loaders").registry.loaders)
    check_document(loader.load(b"one\ntwo\n", Path("day.log")))


def test_the_knowledge_example_passes_the_checks_for_sources(load):
    [source] = mine(load("register_knowledge").registry.knowledge)
    check_source(source, "What is the motto?")


def test_the_adapter_example_offers_checked_files(load):
    from tests.plugins.lora.conftest import write_lora

    program = load("register_adapters")
    if program.registry.default_model() is None:
        pytest.skip("the starter model is not installed")
    (program.folders.data / "my-adapters").mkdir()
    write_lora(program.folders.data / "my-adapters" / "tone.gguf")
    program.plugins.collect("adapters")
    assert [(adapter.name, adapter.facts.rank) for adapter in mine(program.registry.adapters)] == [("tone", 4)]


def test_the_command_example_runs_in_the_shell_and_in_the_chat(load):
    from click.testing import CliRunner

    program = load("register_commands")
    [command] = mine(program.registry.commands)
    assert CliRunner().invoke(command.shell(), ["Ada"]).stdout == "Hello, Ada.\n"
    program.no_plugins = True
    chat = program.workspace.open()
    assert command.chat(chat, "") == f"Hello, you: this is {chat.model}."
    program.close()


def test_the_event_examples_hear_of_replies_and_of_the_end(load, notes):
    from assistant.api import Passage

    program = load("on_reply")
    passage = Passage("r", "c", "p", "t", "t", 0, 1)
    program.plugins.notify("on_reply", turn=Turn("c", "q", (passage,)), reply=Reply("c", 1, "a", "m", "end"))
    assert notes == ["No passage supports this answer."]


def test_the_stop_example_hears_of_the_end(load, notes):
    load("on_stop").close()
    assert notes == ["Good night."]
