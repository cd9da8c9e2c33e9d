"""The engine's child: `python -m assistant.engine.worker`. Holds the model and answers one request at a time.

A second thread reads the pipe, so that a stop reaches llama.cpp in the middle of a decode, and so that the
child ends at once when the program is gone.
"""

import faulthandler
import os
import queue
import threading
from pathlib import Path
from typing import IO, Any

from assistant.engine.options import EngineOptions
from assistant.engine.protocol import pack_error, pack_event, pack_info, unpack_request
from assistant.engine.runtime import Runtime
from assistant.errors import AssistantError, ModelError
from assistant.processes.child import take_stdio
from assistant.processes.frames import read_frame, write_frame

Frame = dict[str, Any]


class Worker:
    """Takes frames, answers with frames."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._runtime: Runtime | None = None
        self._stopped: set[int] = set()
        self._current = 0

    def run(self) -> None:
        """Answer until the program is gone."""
        threading.Thread(target=self._listen, name="frames", daemon=True).start()
        while True:
            frame = self._requests.get()
            self._current = frame["id"]
            try:
                self._answer(frame)
            except AssistantError as error:
                self._send(frame["id"], pack_error(error))
            except MemoryError:
                fault = ModelError("The model needs more memory than there is.", "Choose a smaller model or n_ctx.")
                self._send(frame["id"], pack_error(fault))

    def _listen(self) -> None:
        while True:
            try:
                frame = read_frame(self._source)
            except (OSError, ValueError):
                frame = None
            if frame is None:
                # The program is gone; nobody waits for what llama.cpp is doing.
                os._exit(0)
            header = frame[0]
            if header["kind"] == "stop":
                self._stopped.add(header["request"])
                if self._runtime is not None and self._current == header["request"]:
                    self._runtime.cancel.set()
            else:
                self._requests.put(header)

    def _answer(self, frame: Frame) -> None:
        kind, number = frame["kind"], frame["id"]
        if kind == "load":
            self._runtime = Runtime(frame["name"], Path(frame["path"]), EngineOptions(**frame["options"]))
            self._send(number, {"kind": "loaded", "info": pack_info(self._runtime.info)})
            return
        if self._runtime is None:
            raise ModelError("No model is loaded.", "Load one first.")
        request = unpack_request(frame)
        if kind == "count":
            self._send(number, {"kind": "counted", "tokens": self._runtime.count(request.messages)})
            return
        self._runtime.cancel.clear()
        if number in self._stopped:
            self._runtime.cancel.set()
        for event in self._runtime.generate(request):
            self._send(number, pack_event(event))
        self._stopped.discard(number)

    def _send(self, number: int, frame: Frame) -> None:
        try:
            write_frame(self._sink, {"id": number, **frame})
        except OSError:
            os._exit(0)


def main() -> None:
    """Run the child."""
    faulthandler.enable()
    Worker(*take_stdio()).run()


if __name__ == "__main__":
    main()
