"""Loading and chunking one file, in a worker."""

import importlib
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from assistant.knowledge.chunks import chunk

_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of characters, which a loader may let through and no database takes."""


def parse(value: dict[str, str], data: bytes) -> dict[str, Any]:
    """Read a file with the loader at `value["loader"]` (module:name). Raises `DocumentError`."""
    module, _, name = value["loader"].partition(":")
    load: Any = importlib.import_module(module)
    for part in name.split("."):
        load = getattr(load, part)
    document = load(data, Path(value["path"]))
    if _HALVES.search(document.text):
        document = replace(document, text=_HALVES.sub("\ufffd", document.text))
    return {
        "text": document.text,
        "title": _HALVES.sub("\ufffd", document.title),
        "lines": document.lines,
        "chunks": [asdict(piece) for piece in chunk(document)],
    }
