"""Searching through the knowledge source, as the chat does."""

import threading
from pathlib import Path

import pytest

from assistant.errors import NotFound
from assistant.knowledge.conformance import check_source


@pytest.fixture
def source(run, cached_program, notes):
    run("kb", "add", notes)
    return cached_program.plugins.registry.knowledge["rag"].value


def test_it_is_a_knowledge_source_as_promised(source):
    check_source(source, "Where does the Zanthar relay stand?")


def test_every_stage_is_told(source):
    found = source.search("violet beacon")
    assert [step.name for step in found.steps] == ["words", "embed the question", "meaning", "fusion", "passages"]
    assert all(step.detail and step.ms >= 0 for step in found.steps)


def test_scores_tell_a_question_that_has_nothing_to_do_with_the_notes(source):
    related = source.search("Where does the cat sleep?").passages[0]
    foreign = source.search("Explain quantum chromodynamics").passages
    assert related.scores["cosine"] > 0.4
    assert all(p.scores["cosine"] < 0.3 and "words" not in p.scores for p in foreign)


def test_a_word_that_one_passage_alone_has_decides(run, cached_program, tmp_path):
    folder = tmp_path / "log"
    folder.mkdir()
    for i in range(30):
        (folder / f"plan{i}.md").write_text(f"Our spending plan for day {i}: costs, prices and payments.\n")
    (folder / "code.md").write_text("Nothing but XK4471 is written here.\n")
    run("kb", "add", folder)
    source = cached_program.plugins.registry.knowledge["rag"].value
    best, second = source.search("money budget XK4471", k=2).passages
    assert Path(best.path).name == "code.md"
    assert best.scores["z_words"] > 1
    assert "words" not in second.scores


@pytest.mark.parametrize(
    "query", ['"', "a OR", "NEAR(", "* ^ : -", "\x00\ud800", "the of", "漢字", "x" * 100_000, "' --", "{col}: y", "   "]
)
def test_no_query_breaks_it(source, query):
    source.search(query)


def test_many_threads_may_search_at_once(source):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(source.search("violet beacon", k=1).passages[0].text))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    assert len(set(found)) == 1


def test_surroundings_are_the_text_around(source, notes):
    text = (notes / "relay.md").read_text()
    passage = next(p for p in source.search("violet beacon").passages if p.path.endswith("relay.md"))
    before, after = source.surroundings(passage.ref, chars=20)
    assert before + passage.quote + after == text[max(0, passage.char_start - 20) : passage.char_end + 20]
    assert source.surroundings("kb:99999999999999999999") == ("", "")
    assert source.surroundings("nonsense") == ("", "")


def test_asking_an_empty_knowledge_base_makes_no_file(cached_program, home):
    source = cached_program.plugins.registry.knowledge["rag"].value
    assert list(source.collections()) == []
    assert source.search("anything").passages == ()
    with pytest.raises(NotFound):
        source.search("anything", collections=["notes"])
    assert not (home / "data" / "knowledge.db").exists()
