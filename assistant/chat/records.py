"""Chats and messages as they are stored, and how their parts become JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from assistant.api import AdapterUse, Citation, Passage, Usage

Status = Literal["complete", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class ChatSummary:
    """One chat in a list. Times are ISO 8601, UTC."""

    id: str
    title: str
    created: str
    updated: str
    messages: int


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A message that matches a search; `snippet` marks the words with [brackets]."""

    chat: str
    title: str
    message: int
    role: str
    snippet: str
    created: str


@dataclass(frozen=True, slots=True)
class Details:
    """How an answer came about. `sampling` holds the values in force."""

    model: str = ""
    adapters: tuple[AdapterUse, ...] = ()
    sampling: Mapping[str, Any] = field(default_factory=dict)
    passages: tuple[Passage, ...] = ()
    citations: tuple[Citation, ...] = ()
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    stop_reason: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message of a chat. `sent` is what the model was given; `text` is what is shown."""

    id: int
    chat: str
    parent: int | None
    role: Literal["user", "assistant"]
    text: str
    sent: str
    status: Status
    created: str
    details: Details = field(default_factory=Details)


def details_to_json(details: Details) -> dict[str, Any]:
    """Turn details into plain values."""
    return {
        "model": details.model,
        "adapters": [adapter_to_json(a) for a in details.adapters],
        "sampling": dict(details.sampling),
        "passages": [passage_to_json(p) for p in details.passages],
        "citations": [{"n": c.n, **passage_to_json(c.passage)} for c in details.citations],
        "usage": asdict(details.usage),
        "timings_ms": dict(details.timings_ms),
        "stop_reason": details.stop_reason,
        "error": details.error,
    }


def details_from_json(value: Mapping[str, Any]) -> Details:
    """The reverse of `details_to_json`; what is missing has its default."""
    return Details(
        model=value.get("model", ""),
        adapters=tuple(adapter_from_json(a) for a in value.get("adapters", ())),
        sampling=value.get("sampling", {}),
        passages=tuple(passage_from_json(p) for p in value.get("passages", ())),
        citations=tuple(Citation(c["n"], passage_from_json(c)) for c in value.get("citations", ())),
        usage=Usage(**value.get("usage", {})),
        timings_ms=value.get("timings_ms", {}),
        stop_reason=value.get("stop_reason", ""),
        error=value.get("error", ""),
    )


def adapter_to_json(adapter: AdapterUse) -> dict[str, Any]:
    """Name, path and scale."""
    return {"name": adapter.name, "path": str(adapter.path), "scale": adapter.scale}


def adapter_from_json(value: Mapping[str, Any]) -> AdapterUse:
    """The reverse of `adapter_to_json`."""
    return AdapterUse(value["name"], Path(value["path"]), float(value["scale"]))


def passage_to_json(passage: Passage) -> dict[str, Any]:
    """All fields of a passage, places first."""
    return {
        "ref": passage.ref,
        "collection": passage.collection,
        "path": passage.path,
        "page": passage.page,
        "line_start": passage.line_start,
        "line_end": passage.line_end,
        "heading": passage.heading,
        "char_start": passage.char_start,
        "char_end": passage.char_end,
        "quote": passage.quote,
        "text": passage.text,
        "score": passage.score,
        "scores": dict(passage.scores),
    }


def passage_from_json(value: Mapping[str, Any]) -> Passage:
    """The reverse of `passage_to_json`."""
    return Passage(**{name: value[name] for name in Passage.__dataclass_fields__ if name in value})
