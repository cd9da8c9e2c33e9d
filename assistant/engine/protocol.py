"""The messages between the program and the engine's child, as plain values.

Program to child: load, count, generate, stop, ping. Child to program: loaded, counted, evaluating, text, generated,
alive, failed. Each answer carries the id of its request. The child may have gone mad: what it sends is checked.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

import assistant.errors as errors
from assistant.api import (
    AdapterUse,
    Evaluating,
    Generated,
    GenerationEvent,
    Message,
    ModelInfo,
    Request,
    Sampling,
    StopReason,
    Text,
    Usage,
)
from assistant.errors import AssistantError, ModelError

Frame = dict[str, Any]
NONSENSE = (KeyError, TypeError, ValueError)
"""What unpacking raises for a frame that is no message."""

REASONS: dict[str, StopReason] = {reason: reason for reason in get_args(StopReason)}
COUNTS = ("prompt_tokens", "prompt_tokens_evaluated", "cached_tokens", "completion_tokens")
TIMES = ("prompt_ms", "first_token_ms", "generate_ms")


def pack_request(request: Request) -> Frame:
    """A request as plain values."""
    return {
        "messages": [[m.role, m.content] for m in request.messages],
        "sampling": asdict(request.sampling),
        "adapters": [[a.name, str(a.path.absolute()), a.scale] for a in request.adapters],
    }


def unpack_request(frame: Mapping[str, Any]) -> Request:
    """The reverse of `pack_request`."""
    sampling = {**frame["sampling"], "stop": tuple(frame["sampling"]["stop"])}
    return Request(
        tuple(Message(role, content) for role, content in frame["messages"]),
        Sampling(**sampling),
        tuple(AdapterUse(name, Path(path), scale) for name, path, scale in frame["adapters"]),
    )


def pack_event(event: GenerationEvent) -> Frame:
    """An event as plain values."""
    if isinstance(event, Text):
        return {"kind": "text", "text": event.text}
    if isinstance(event, Evaluating):
        return {"kind": "evaluating", "done": event.done, "total": event.total, "cached": event.cached}
    return {"kind": "generated", **asdict(event)}


def unpack_event(frame: Mapping[str, Any]) -> GenerationEvent:
    """The reverse of `pack_event`."""
    kind = frame["kind"]
    if kind == "text":
        return Text(_text(frame, "text"))
    if kind == "evaluating":
        return Evaluating(int(frame["done"]), int(frame["total"]), int(frame["cached"]))
    if kind == "generated":
        usage = Usage(*(int(frame["usage"][name]) for name in COUNTS))
        return Generated(REASONS[frame["stop_reason"]], usage, *(float(frame[name]) for name in TIMES))
    raise ValueError(f"unknown kind {kind!r:.40}")


def pack_info(info: ModelInfo) -> Frame:
    """What a model is, as plain values."""
    return {**asdict(info), "path": str(info.path)}


def unpack_info(frame: Mapping[str, Any]) -> ModelInfo:
    """The reverse of `pack_info`."""
    return ModelInfo(
        _text(frame, "name"),
        n_ctx=int(frame["n_ctx"]),
        n_ctx_train=int(frame["n_ctx_train"]),
        path=Path(_text(frame, "path")),
        architecture=_text(frame, "architecture"),
        quantisation=_text(frame, "quantisation"),
        parameters=int(frame["parameters"]),
        size_bytes=int(frame["size_bytes"]),
        settings=dict(frame["settings"]),
    )


def pack_error(error: AssistantError) -> Frame:
    """An error as plain values."""
    return {"kind": "failed", "error": type(error).__name__, "message": error.message, "hint": error.hint}


def unpack_error(frame: Mapping[str, Any]) -> AssistantError:
    """The reverse of `pack_error`; an unknown kind of error is a `ModelError`."""
    kind = getattr(errors, str(frame.get("error")), None)
    known = isinstance(kind, type) and issubclass(kind, AssistantError)
    return (kind if known else ModelError)(str(frame.get("message")), str(frame.get("hint", "")))  # type: ignore[misc]


def _text(frame: Mapping[str, Any], key: str) -> str:
    value = frame[key]
    if not isinstance(value, str):
        raise TypeError(f"{key} is no text")
    return value
