"""All that a plugin may import from the program, besides `assistant.knowledge` and `assistant.errors`."""

import importlib
from types import ModuleType

import pluggy

from assistant.api.adapters import Adapter, AdapterFacts
from assistant.api.commands import Chat, Command
from assistant.api.generation import (
    AdapterUse,
    ChatModel,
    Evaluating,
    Generated,
    GenerationEvent,
    Message,
    ModelInfo,
    ModelSource,
    Request,
    Role,
    Sampling,
    StopReason,
    Text,
    Usage,
)
from assistant.api.host import Database, Host, Row, Worker
from assistant.api.knowledge import (
    Block,
    Document,
    DocumentLoader,
    Embedder,
    Found,
    KnowledgeSource,
    Passage,
    Step,
)
from assistant.api.replies import Citation, Reply, Turn
from assistant.errors import (
    AdapterError,
    AssistantError,
    ContextFull,
    DocumentError,
    EngineDied,
    KnowledgeError,
    MissingPackage,
    ModelError,
    NotFound,
    PartlyDone,
    PluginError,
    StorageError,
    UsageError,
    WorkerFailed,
)

hookimpl = pluggy.HookimplMarker("assistant")
"""Marks a function of a plugin as the implementation of the hook of the same name."""


def need(name: str, *, extra: str = "") -> ModuleType:
    """Import a heavy or optional package where it is used, or say how to install it.

    Raises `MissingPackage` with the install command.
    """
    try:
        return importlib.import_module(name)
    except ImportError as missing:
        package = f"'offline-assistant[{extra}]'" if extra else name.partition(".")[0].replace("_", "-")
        raise MissingPackage(
            f"The package {name} is needed for this and cannot be imported ({missing}).",
            f"Install it with: pip install {package}",
        ) from missing


__all__ = [
    "Adapter",
    "AdapterError",
    "AdapterFacts",
    "AdapterUse",
    "AssistantError",
    "Block",
    "Chat",
    "ChatModel",
    "Citation",
    "Command",
    "ContextFull",
    "Database",
    "Document",
    "DocumentError",
    "DocumentLoader",
    "Embedder",
    "EngineDied",
    "Evaluating",
    "Found",
    "Generated",
    "GenerationEvent",
    "Host",
    "KnowledgeError",
    "KnowledgeSource",
    "Message",
    "MissingPackage",
    "ModelError",
    "ModelInfo",
    "ModelSource",
    "NotFound",
    "PartlyDone",
    "Passage",
    "PluginError",
    "Reply",
    "Request",
    "Role",
    "Row",
    "Sampling",
    "Step",
    "StopReason",
    "StorageError",
    "Text",
    "Turn",
    "Usage",
    "UsageError",
    "Worker",
    "WorkerFailed",
    "hookimpl",
    "need",
]
