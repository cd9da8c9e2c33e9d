"""The settings: what is wrong is named, and set keeps comments."""

import pytest

from assistant.config import Settings, load_settings, parse_settings, set_value
from assistant.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[modl]", "unknown table .modl.*Did you mean model"),
        ("[model]\nnam = 'x'", "unknown key model.nam.*Did you mean name"),
        ("[model]\nn_ctx = 'x'", "model.n_ctx must be"),
        ("[sampling]\ntemperature = -1", "sampling.temperature"),
        ("[model]\nflash_attention = 'maybe'", "auto, off, on"),
        ("x =", "not valid TOML"),
        ("model = 1", "must be a table"),
    ],
)
def test_fault_names_the_key(text, message):
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)
    import re

    assert re.search(message, str(caught.value))


def test_missing_file_means_defaults(tmp_path):
    assert load_settings(tmp_path / "none.toml") == Settings()


def test_set_keeps_comments_and_refuses_nonsense(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text("# mine\n[sampling]\ntemperature = 0.5 # warm\n")
    assert set_value(path, "sampling.top_k", "12").sampling.top_k == 12
    assert "# mine" in path.read_text()
    assert "# warm" in path.read_text()
    before = path.read_text()
    with pytest.raises(ConfigError):
        set_value(path, "sampling.topk", "12")
    assert path.read_text() == before


def test_plugin_tables_are_passed_unread():
    assert parse_settings("[plugin.rag]\nanything = 1").plugin["rag"]["anything"] == 1
