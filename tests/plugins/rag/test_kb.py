"""The knowledge base through the command line: real files, the real embedder, real SQLite."""

import json
from pathlib import Path

from assistant.errors import NotFound


class TestAdd:
    def test_folder_counts_what_it_skips_and_fails_nothing(self, run, notes):
        code, out = run("kb", "add", str(notes), "--json")
        report = json.loads(out)
        assert code == 0
        assert (report["added"], report["skipped"], report["failed"]) == (3, 1, [])
        assert report["embedded"] >= 3

    def test_unchanged_files_are_not_embedded_again(self, run, notes):
        run("kb", "add", str(notes))
        report = json.loads(run("kb", "add", str(notes), "--json")[1])
        assert (report["added"], report["unchanged"], report["embedded"]) == (0, 3, 0)

    def test_edited_renamed_and_deleted_files_are_noticed_by_sync(self, run, notes):
        run("kb", "add", str(notes))
        (notes / "relay.md").write_text("# Relay\n\nThe relay was moved to Sorrel Bay.\n")
        (notes / "sub" / "cats.txt").rename(notes / "cat.txt")
        (notes / "page.html").unlink()
        report = json.loads(run("kb", "sync", "--json")[1])
        assert (report["updated"], report["unchanged"], report["removed"]) == (1, 1, 1)
        paths = {r["path"] for r in json.loads(run("kb", "search", "relay cat ferry", "--json")[1])["results"]}
        assert paths == {str(notes / "relay.md"), str(notes / "cat.txt")}
        assert "Quellmark" not in run("kb", "search", "Quellmark")[1]

    def test_bad_files_are_listed_with_reasons_and_the_rest_is_taken(self, run, notes):
        (notes / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
        (notes / "empty.docx").write_bytes(b"PK")
        code, out = run("kb", "add", str(notes), str(notes / "photo.jpg"), str(notes / "none.md"), "--json")
        report = json.loads(out)
        assert code == 3
        assert report["added"] == 3
        assert {Path(f["path"]).name for f in report["failed"]} == {"broken.pdf", "empty.docx", "photo.jpg", "none.md"}
        assert all(f["reason"] for f in report["failed"])
        assert json.loads(run("kb", "status", "--json")[1])["failed"]


class TestSearch:
    def test_places_are_exact(self, run, notes):
        run("kb", "add", str(notes))
        for query in ("violet beacon", "fish", "when does the ferry sail"):
            for result in json.loads(run("kb", "search", query, "--json")[1])["results"]:
                text = Path(result["path"]).read_text()
                assert result["quote"] == text[result["char_start"] : result["char_end"]]
                lines = text.splitlines()[result["line_start"] - 1 : result["line_end"]]
                assert result["quote"].strip() in "\n".join(lines)

    def test_found_by_meaning_without_a_common_word(self, run, notes):
        run("kb", "add", str(notes))
        best = json.loads(run("kb", "search", "pet animal resting", "--json")[1])["results"][0]
        assert Path(best["path"]).name == "cats.txt"
        assert "words" not in best["scores"]

    def test_many_queries_from_stdin_and_odd_characters(self, run, notes):
        run("kb", "add", str(notes))
        code, out = run("kb", "search", "-", "--json", "-k", "1", stdin='beacon\n"AND (OR* NEAR\n\ncat\n')
        assert code == 0
        assert [json.loads(line)["query"] for line in out.splitlines()] == ["beacon", '"AND (OR* NEAR', "cat"]

    def test_collections_filter_inside_the_search(self, run, notes):
        run("kb", "add", str(notes / "relay.md"), "--name", "tech")
        run("kb", "add", str(notes / "sub"), "--name", "pets")
        results = json.loads(run("kb", "search", "relay", "--kb", "pets", "--json")[1])["results"]
        assert {r["collection"] for r in results} == {"pets"}
        code, _ = run("kb", "search", "relay", "--kb", "tec")
        assert code == 1
        assert isinstance(run.error, NotFound)
        assert [c["name"] for c in json.loads(run("kb", "list", "--json")[1])["kb"]] == ["pets", "tech"]

    def test_without_an_embedder_words_are_still_found(self, run, home, notes):
        (home / "config").mkdir()
        (home / "config" / "config.toml").write_text('[plugin.rag]\nembedder = "/nowhere"\n')
        run("kb", "add", str(notes))
        assert "cats.txt" in run("kb", "search", "Mirabel")[1]


class TestShowAndForget:
    def test_show_prints_the_stored_text_exactly(self, run, notes):
        run("kb", "add", str(notes))
        assert run("kb", "show", str(notes / "relay.md"), "--text")[1] == (notes / "relay.md").read_text()
        ref = json.loads(run("kb", "search", "beacon", "--json")[1])["results"][0]["ref"]
        assert "violet" in run("kb", "show", ref)[1]

    def test_forgotten_files_are_gone_from_the_file_on_disk(self, run, home, notes):
        run("kb", "add", str(notes))
        assert run("kb", "forget", str(notes / "relay.md"))[0] == 0
        assert "Quellmark" not in run("kb", "search", "Quellmark")[1]
        for file in (home / "data").glob("knowledge.db*"):
            assert b"Quellmark" not in file.read_bytes()
        assert run("kb", "forget", str(notes / "relay.md"))[0] == 1

    def test_nothing_added_yet(self, run, home):
        assert "empty" in run("kb", "list")[1]
        assert "Nothing found" in run("kb", "search", "x")[1]
        assert run("kb", "show", "kb:1")[0] == 1
        assert not (home / "data" / "knowledge.db").exists()
