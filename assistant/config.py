"""The settings: config.toml to frozen dataclasses.

An unknown key or a wrong type is an error that names the key and suggests the right one. A plugin's own table
`[plugin.NAME]` is passed to it unread.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_type_hints

from assistant.errors import ConfigError

CHOICES = {"model.flash_attention": ("auto", "off", "on"), "model.kv_type": ("f16", "q8_0")}
RANGES = {
    "model.n_ctx": (0, 1 << 24),
    "model.threads": (0, 1024),
    "model.gpu_layers": (-1, 10_000),
    "sampling.temperature": (0, 100),
    "sampling.top_k": (0, 1 << 24),
    "sampling.top_p": (0, 1),
    "sampling.min_p": (0, 1),
    "sampling.repeat_penalty": (0.1, 10),
    "sampling.max_tokens": (1, 1 << 24),
    "sampling.seed": (-1, (1 << 32) - 1),
    "knowledge.passages": (0, 100),
    "knowledge.share": (0, 1),
}

WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
SYSTEM = "You are a helpful assistant. Answer briefly and truthfully."


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """[model]"""

    name: str = ""
    """The model a chat starts with: a name of `models list` or a path. Empty: the starter model."""
    n_ctx: int = 0
    """Window in tokens; 0 takes what the model was trained for, at most 8192."""
    threads: int = 0
    """Threads for inference; 0 takes the physical cores this process may use."""
    gpu_layers: int = -1
    """Layers on the GPU; -1 takes all where the build has a GPU."""
    flash_attention: str = "auto"
    """auto, on or off."""
    kv_type: str = "f16"
    """Precision of the KV cache: f16 or q8_0."""


@dataclass(frozen=True, slots=True)
class SamplingSettings:
    """[sampling]"""

    temperature: float = 0.2
    """Randomness; 0 always takes the likeliest token."""
    top_k: int = 40
    """Sample from this many likeliest tokens; 0 for all."""
    top_p: float = 0.9
    """Sample from the smallest set of tokens with this probability."""
    min_p: float = 0.05
    """Leave out tokens less likely than this share of the likeliest."""
    repeat_penalty: float = 1.05
    """Above 1 makes recently used tokens less likely."""
    max_tokens: int = 512
    """Longest answer in tokens."""
    seed: int = -1
    """Fixed seed for repeatable answers; -1 draws a new one each time."""


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """[chat]"""

    system: str = SYSTEM
    """The system prompt of new chats."""


@dataclass(frozen=True, slots=True)
class KnowledgeSettings:
    """[knowledge]"""

    enabled: bool = True
    """Look every question up in the knowledge base."""
    passages: int = 3
    """At most this many passages go into the prompt."""
    share: float = 0.5
    """At most this share of the model's window is given to passages."""


@dataclass(frozen=True, slots=True)
class PluginSettings:
    """[plugins]"""

    disabled: tuple[str, ...] = ()
    """Plugins that are not loaded."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `plugin` holds the plugins' own tables."""

    model: ModelSettings = ModelSettings()
    sampling: SamplingSettings = SamplingSettings()
    chat: ChatSettings = ChatSettings()
    knowledge: KnowledgeSettings = KnowledgeSettings()
    plugins: PluginSettings = PluginSettings()
    plugin: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))


def load_settings(path: Path) -> Settings:
    """Read config.toml; a missing file means the defaults. Raises `ConfigError`."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"The settings {path} cannot be read: {error}.", "Check the file's permissions.") from error
    return parse_settings(text, str(path))


def parse_settings(text: str, where: str = "config.toml") -> Settings:
    """Turn TOML into settings. Raises `ConfigError` that names the key."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{where} is not valid TOML: {error}.", "Mend the line, or delete the file.") from error
    known = {f.name for f in fields(Settings)}
    for name in tables:
        if name not in known:
            raise ConfigError(f"{where} has an unknown table [{name}].", _perhaps(name, known))
    values: dict[str, Any] = {}
    for spec in fields(Settings):
        if spec.name == "plugin" or spec.name not in tables:
            continue
        values[spec.name] = _table(spec.name, tables[spec.name], type(spec.default), where)
    plugin = tables.get("plugin", {})
    if not isinstance(plugin, dict) or not all(isinstance(table, dict) for table in plugin.values()):
        raise ConfigError(f"In {where}, [plugin.NAME] must be a table for each plugin.")
    return Settings(**values, plugin=MappingProxyType(plugin))


def _table(name: str, table: Any, kind: type, where: str) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"In {where}, {name} must be a table: [{name}].")
    hints = get_type_hints(kind)
    values = {}
    for key, value in table.items():
        if key not in hints:
            raise ConfigError(f"{where} has an unknown key {name}.{key}.", _perhaps(key, set(hints)))
        values[key] = _value(f"{name}.{key}", value, hints[key], where)
    return kind(**values)


def _value(key: str, value: Any, kind: Any, where: str) -> Any:
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return _allowed(key, float(value), where)
    if kind == tuple[str, ...] and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if isinstance(kind, type) and type(value) is kind:
        return _allowed(key, value, where)
    expected = "a list of strings" if kind == tuple[str, ...] else WORDS[kind]
    raise ConfigError(f"In {where}, {key} must be {expected}, not {value!r}.")


def _allowed(key: str, value: Any, where: str) -> Any:
    if key in CHOICES and value not in CHOICES[key]:
        raise ConfigError(f"In {where}, {key} cannot be {value!r}.", f"Choose one of: {', '.join(CHOICES[key])}.")
    low, high = RANGES.get(key, (None, None))
    if low is not None and high is not None and not low <= value <= high:
        raise ConfigError(f"In {where}, {key} cannot be {value!r}.", f"It must be between {low} and {high}.")
    return value


def _perhaps(name: str, known: set[str]) -> str:
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    return f"Did you mean {close[0]}?" if close else f"Known are: {', '.join(sorted(known))}."


def as_tables(settings: Settings) -> dict[str, Any]:
    """The settings as plain tables, for showing them."""
    tables: dict[str, Any] = {}
    for spec in fields(settings):
        value = getattr(settings, spec.name)
        tables[spec.name] = (
            {f.name: _plain(getattr(value, f.name)) for f in fields(value)} if is_dataclass(value) else dict(value)
        )
    return tables


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def set_value(path: Path, key: str, text: str) -> Settings:
    """Set `table.key` in config.toml, keeping comments and order, and return the new settings.

    `text` is read as TOML where that gives the right type, else as a string. Raises `ConfigError` and then
    leaves the file as it was.
    """
    import tomlkit

    from assistant.paths import make_folder

    parts = key.split(".")
    if len(parts) < 2:
        raise ConfigError(f"{key!r} names no setting.", "Write it as TABLE.KEY, for example sampling.temperature.")
    document = tomlkit.parse(path.read_text("utf-8")) if path.exists() else tomlkit.document()
    errors = []
    for candidate in _readings(text):
        table: Any = document
        for part in parts[:-1]:
            if part not in table:
                table[part] = tomlkit.table()
            table = table[part]
        table[parts[-1]] = candidate
        try:
            settings = parse_settings(tomlkit.dumps(document), str(path))
        except ConfigError as error:
            errors.append(error)
            continue
        make_folder(path.parent)
        aside = path.with_suffix(".new")
        aside.write_text(tomlkit.dumps(document), "utf-8")
        aside.replace(path)
        return settings
    raise errors[-1]


def _readings(text: str) -> list[Any]:
    try:
        return [tomllib.loads(f"x = {text}")["x"], text]
    except tomllib.TOMLDecodeError:
        return [text]
