"""/lora: which adapters lie over the model of a chat."""

import pytest

from assistant.errors import AdapterError, NotFound, UsageError
from tests.plugins.lora.conftest import write_lora


@pytest.fixture
def chat(program, adapters, lora_file):
    adapters("add", lora_file)
    adapters("add", lora_file, "--name", "style")
    session = program.workspace.open()
    yield session
    program.close()


@pytest.fixture
def lora(program, chat):
    command = program.registry.commands["lora"].value.chat
    return lambda argument="": command(chat, argument)


def on(chat):
    return {use.name: use.scale for use in chat.adapters}


def test_adapters_go_on_and_off_one_by_one_and_together(chat, lora):
    assert "tone" in lora()
    lora("tone")
    assert on(chat) == {"tone": 1.0}
    lora("tone 0.5 style=-2")
    assert on(chat) == {"tone": 0.5, "style": -2.0}
    assert "| tone | 0.5 |" in lora()
    lora("tone off")
    assert on(chat) == {"style": -2.0}
    assert lora("off") == "No adapter is on."
    assert on(chat) == {}


def test_a_file_can_be_laid_on_without_adding_it(chat, lora, tmp_path):
    path = write_lora(tmp_path / "my own.gguf")
    lora(f'"{path}" 0.25')
    assert on(chat) == {"my own": 0.25}
    lora('"my own" off')
    assert on(chat) == {}


def test_nothing_changes_when_one_of_several_is_wrong(chat, lora, tmp_path):
    lora("tone")
    other = write_lora(tmp_path / "other.gguf", arch="qwen2")
    for argument, fault in (("style tome", NotFound), ("style nan", UsageError), (f"style {other}", AdapterError)):
        with pytest.raises(fault):
            lora(argument)
        assert on(chat) == {"tone": 1.0}
    with pytest.raises(UsageError):
        lora('"tone')
