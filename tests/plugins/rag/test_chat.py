"""The chat command /kb."""

import pytest

from assistant.errors import UsageError


class OpenChat:
    """A chat as the command sees it."""

    def __init__(self):
        self.collections = ()
        self.lines = []

    def use_collections(self, collections):
        self.collections = None if collections is None else tuple(collections)

    def progress(self, text):
        self.lines.append(text)


@pytest.fixture
def kb(cached_program):
    return cached_program.plugins.registry.commands["kb"].value.chat


def test_adding_choosing_and_switching_off(kb, tmp_path):
    chat = OpenChat()
    assert "empty" in kb(chat, "")
    folder = tmp_path / "my notes"
    folder.mkdir()
    (folder / "a.md").write_text("# A\n\nThe ferry sails at seven.\n")
    (folder / "b.pdf").write_bytes(b"nothing")
    text = kb(chat, f"add {folder}")
    assert "Added 1" in text
    assert "b.pdf" in text
    assert any("a.md" in line for line in chat.lines)
    assert "unchanged 1" in kb(chat, f'add "{folder}"')
    assert "looked up in: nothing" in kb(chat, "off")
    assert chat.collections is None
    assert "looked up in: everything" in kb(chat, "all")
    assert "looked up in: default." in kb(chat, "default")
    with pytest.raises(UsageError):
        kb(chat, "add")
