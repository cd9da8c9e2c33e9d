"""The child's side of `TaskWorker`: `python -m assistant.processes.task SETUP`."""

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assistant.errors import AssistantError
from assistant.namespace import install
from assistant.processes.child import take_stdio
from assistant.processes.frames import read_frame, write_frame


def main() -> None:
    """Answer calls until the parent closes the pipe."""
    setup = json.loads(sys.argv[1])
    source, sink = take_stdio()
    os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
    sys.path[:] = setup["path"]
    _limit_memory(setup["megabytes"])
    install({name: Path(path) for name, path in setup["plugins"].items()})
    function: Callable[..., Any] | None = None
    while (frame := read_frame(source)) is not None:
        header, data = frame
        try:
            if function is None:
                function = _find(setup["function"])
            reply: dict[str, Any] = {"result": function(header["value"], data)}
            size = len(json.dumps(reply))
            if size > setup["output_bytes"]:
                reply = _fault("WorkerFailed", f"produced more than {setup['output_bytes'] // 1_000_000} MB of text")
        except AssistantError as error:
            reply = _fault(type(error).__name__, error.message, error.hint)
        except MemoryError:
            reply = _fault("WorkerFailed", f"needed more than {setup['megabytes']} MB of memory")
        except RecursionError:
            reply = _fault("WorkerFailed", "is nested too deeply")
        except Exception as error:  # noqa: BLE001 - any fault of a plugin's code becomes a sentence
            reply = _fault("WorkerFailed", f"{type(error).__name__}: {error}"[:500])
        write_frame(sink, reply)


def _find(address: str) -> Callable[..., Any]:
    module, _, name = address.partition(":")
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _fault(kind: str, message: str, hint: str = "") -> dict[str, Any]:
    return {"error": {"kind": kind, "message": message, "hint": hint}}


def _limit_memory(megabytes: int) -> None:
    """Cap the address space where the platform can; 0 means no cap."""
    if not megabytes:
        return
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        limit = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


if __name__ == "__main__":
    main()
