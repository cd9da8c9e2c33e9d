"""Loading and chunking one file, in a worker."""

import importlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.knowledge.chunks import chunk


def parse(value: dict[str, str], data: bytes) -> dict[str, Any]:
    """Read a file with the loader at `value["loader"]` (module:name). Raises `DocumentError`."""
    module, _, name = value["loader"].partition(":")
    load = getattr(importlib.import_module(module), name)
    path = Path(value["path"])
    document = load(data, path)
    return {
        "text": document.text,
        "title": document.title,
        "lines": document.lines,
        "chunks": [asdict(piece) for piece in chunk(document)],
    }
