"""The engine's child: `python -m assistant.engine.worker`. Holds the model and answers one request at a time.

A second thread reads the pipe, so that a stop reaches llama.cpp in the middle of a decode, and so that the
child ends at once when the program is gone.
"""

import faulthandler
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import IO

from assistant.engine.options import EngineOptions
from assistant.engine.protocol import Frame, pack_error, pack_event, pack_info, unpack_request
from assistant.engine.runtime import Runtime
from assistant.errors import AssistantError, ModelError
from assistant.processes.child import take_stdio
from assistant.processes.frames import read_frame, write_frame

SWITCH_SECONDS = 0.0005
"""llama.cpp's log lines need Python's lock, and would each wait 5 ms for it while another thread imports."""


class Worker:
    """Takes frames, answers with frames."""

    def __init__(self, source: IO[bytes], sink: IO[bytes]) -> None:
        self._source, self._sink = source, sink
        self._requests: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._runtime: Runtime | None = None
        self._stopping = threading.Lock()
        self._sending = threading.Lock()
        self._stopped: set[int] = set()
        self._current = 0

    def run(self) -> None:
        """Answer until the program is gone."""
        threading.Thread(target=self._listen, name="frames", daemon=True).start()
        while True:
            frame = self._requests.get()
            number = frame["id"]
            try:
                self._answer(number, frame)
            except AssistantError as error:
                self._send(number, pack_error(error))
            except MemoryError:
                fault = ModelError("The model needs more memory than there is.", "Choose a smaller model or n_ctx.")
                self._send(number, pack_error(fault))
            except Exception as error:  # noqa: BLE001 - one bad turn must not cost the loaded model
                traceback.print_exc()
                self._send(number, pack_error(ModelError(f"The engine failed: {error!r:.300}.", "Ask again.")))

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
                self._stop(header["request"])
            elif header["kind"] == "ping":
                self._send(header["id"], {"kind": "alive"})
            else:
                self._requests.put(header)

    def _stop(self, number: int) -> None:
        with self._stopping:
            if number >= self._current:
                self._stopped.add(number)
            if self._runtime is not None and number == self._current:
                self._runtime.cancel.set()

    def _begin(self, runtime: Runtime, number: int) -> None:
        with self._stopping:
            self._current = number
            if number in self._stopped:
                runtime.cancel.set()
            else:
                runtime.cancel.clear()
            self._stopped.clear()

    def _answer(self, number: int, frame: Frame) -> None:
        kind = frame["kind"]
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
        self._begin(self._runtime, number)
        for event in self._runtime.generate(request):
            self._send(number, pack_event(event))

    def _send(self, number: int, frame: Frame) -> None:
        try:
            with self._sending:
                write_frame(self._sink, {"id": number, **frame})
        except OSError:
            os._exit(0)


def main() -> None:
    """Run the child."""
    faulthandler.enable()
    sys.setswitchinterval(SWITCH_SECONDS)
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    Worker(*take_stdio()).run()


if __name__ == "__main__":
    main()
