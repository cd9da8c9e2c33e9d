"""The example plugins, dropped in and trusted as a user would, through the real loader."""

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from assistant.api import Reply, Turn
from assistant.cli.compose import Program
from assistant.errors import DocumentError, NotFound
from assistant.knowledge.conformance import check_document, check_source
from assistant.trust import fingerprint

HERE = Path(__file__).parent


@pytest.fixture
def notes():
    return []


@pytest.fixture
def program(tmp_path, monkeypatch, notes):
    monkeypatch.setenv("ASSISTANT_HOME", str(tmp_path))
    program = Program(notify=notes.append)
    program.folders.plugins.mkdir(parents=True)
    program.folders.data.mkdir(parents=True)
    for file in HERE.glob("*.py"):
        if not file.name.startswith("test_"):
            place = Path(shutil.copy(file, program.folders.plugins))
            program.trust.trust(file.stem, fingerprint(place))
    mine = {"glossary", "subtitles", "stopwatch"}
    assert {p.name for p in program.plugins.plugins if p.status == "loaded"} >= mine
    assert not [f for f in program.registry.failures if f.plugin in mine]
    return program


def test_the_glossary_answers_as_knowledge_in_the_shell_and_in_the_chat(program):
    file = program.folders.data / "glossary.csv"
    file.write_text('term,meaning\nsluice,"a gate, for water"\nweir,a low dam\n', "utf-8")
    source = program.registry.knowledge["glossary"].value
    check_source(source, "What is a sluice?")
    passage = source.search("What is a weir?").passages[0]
    assert (passage.line_start, passage.quote) == (3, "weir,a low dam")
    command = program.registry.commands["glossary"].value
    assert CliRunner().invoke(command.shell(), ["sluice"]).stdout == "sluice: a gate, for water\n"
    assert command.chat(None, "weir") == "weir: a low dam"
    with pytest.raises(NotFound):
        command.chat(None, "quay")


def test_a_glossary_that_is_not_there_is_empty(program):
    source = program.registry.knowledge["glossary"].value
    assert source.collections() == []
    assert source.search("weir").passages == ()


def test_subtitles_are_read_with_the_times_as_headings(program):
    data = b"1\r\n00:00:01,000 --> 00:00:02,000\r\nGood evening.\r\n\r\n"
    data += b"2\r\n00:01:05,500 --> 00:01:09,000\r\nTwo\r\nlines.\r\n"
    load = program.registry.loaders["subtitles"].value.load
    document = load(data, Path("film.srt"))
    check_document(document)
    assert [document.text[b.start : b.end] for b in document.blocks] == ["Good evening.", "Two\r\nlines."]
    assert document.blocks[1].headings == ("00:01:05",)
    with pytest.raises(DocumentError):
        load(b"no times", Path("film.srt"))


def test_the_stopwatch_speaks_of_slow_answers_only(program, notes):
    for total in (900.0, 12_000.0):
        reply = Reply("c", 1, "Yes.", "m", "end", timings_ms={"total": total})
        program.plugins.notify("on_reply", turn=Turn("c", "Well?"), reply=reply)
    assert notes == ["That took 12 s, at 0 tokens a second."]
