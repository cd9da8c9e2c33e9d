"""A loaded model in this process: weights, one context, adapters, and what its KV cache holds.

Runs in the child only, all calls from one thread, except `cancel`.
"""

import ctypes
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from assistant.api import (
    Evaluating,
    Generated,
    GenerationEvent,
    Message,
    ModelInfo,
    Request,
    StopReason,
    Text,
    Usage,
)
from assistant.engine.adapters import AdapterSet
from assistant.engine.cancel import Cancel
from assistant.engine.guard import check_model
from assistant.engine.llama_log import LlamaLog
from assistant.engine.options import EngineOptions
from assistant.engine.sampler import Sampler
from assistant.engine.stops import StopFinder
from assistant.engine.template import ChatTemplate
from assistant.engine.vocabulary import TextDecoder, Vocabulary
from assistant.errors import ContextFull, ModelError

N_BATCH = 512
DEFAULT_WINDOW = 8192
SPARE = 8
"""Tokens of the window that a prompt must leave for the answer."""
FLASH = {"auto": -1, "off": 0, "on": 1}
KV_TYPES = {"f16": 1, "q8_0": 8}


class Runtime:
    """One model, ready to answer."""

    def __init__(self, name: str, path: Path, options: EngineOptions) -> None:
        os.environ.setdefault("GGML_NO_BACKTRACE", "1")
        header = check_model(path)
        import llama_cpp.llama_cpp as lc

        self._lc: Any = lc
        self.log = LlamaLog(lc)
        lc.llama_backend_init()
        self._model = self._load(path, options)
        self.vocabulary = Vocabulary(lc, self._model)
        trained = int(lc.llama_model_n_ctx_train(self._model))
        threads = options.threads or physical_cores()
        self._context = self._make_context(
            options, options.n_ctx or min(trained or DEFAULT_WINDOW, DEFAULT_WINDOW), threads
        )
        self.n_ctx = int(lc.llama_n_ctx(self._context))
        self.cancel = Cancel(lc, self._context)
        self._memory = lc.llama_get_memory(self._context)
        template = lc.llama_model_chat_template(self._model, None)
        self.template = ChatTemplate((template or b"").decode("utf-8", "replace"), self.vocabulary)
        self._adapters = AdapterSet(lc, self._model, self._context, header)
        self._tokens: list[int] = []
        self.info = ModelInfo(
            name,
            n_ctx=self.n_ctx,
            n_ctx_train=trained,
            path=path,
            architecture=header.architecture,
            quantisation=self._description(),
            parameters=int(lc.llama_model_n_params(self._model)),
            size_bytes=header.size_bytes,
            settings={"threads": threads, "batch": N_BATCH, "kv_type": options.kv_type, "own_template": bool(template)},
        )

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt."""
        return len(self.template.tokens(messages))

    def generate(self, request: Request) -> Iterator[GenerationEvent]:
        """Answer; see `api.ChatModel.generate`."""
        started = time.perf_counter()
        prompt = self.template.tokens(request.messages)
        if not prompt:
            raise ModelError("There is nothing to ask: the prompt is empty.", "Write a question.")
        if len(prompt) > self.n_ctx - SPARE:
            raise ContextFull(
                f"The prompt has {len(prompt)} tokens and the model's window {self.n_ctx}.",
                "Shorten it, or raise model.n_ctx if the model was trained for more.",
            )
        if self._adapters.use(request.adapters):
            self._forget(0)
        cached = self._reuse(prompt)
        yield Evaluating(cached, len(prompt), cached)
        for done in self._prefill(prompt, cached):
            yield Evaluating(done, len(prompt), cached)
        prompt_ms = (time.perf_counter() - started) * 1000
        if self.cancel.is_set():
            yield Generated("stopped", self._usage(cached, len(self._tokens), 0), prompt_ms, 0.0, 0.0)
            return
        yield from self._decode(request, prompt, cached, started, prompt_ms)

    def _decode(
        self, request: Request, prompt: list[int], cached: int, started: float, prompt_ms: float
    ) -> Iterator[GenerationEvent]:
        lc, vocabulary = self._lc, self.vocabulary
        sampler = Sampler(lc, vocabulary.size, request.sampling)
        decoder, stops = TextDecoder(), StopFinder(request.sampling.stop)
        one = (lc.llama_token * 1)()
        batch = lc.llama_batch_get_one(one, 1)
        produced, first_ms, reason = 0, 0.0, "length"
        begun = time.perf_counter()
        try:
            while produced < request.sampling.max_tokens:
                if self.cancel.is_set():
                    reason = "stopped"
                    break
                token = sampler.sample(self._context)
                if vocabulary.ends(token):
                    reason = "end"
                    break
                produced += 1
                text, met = stops.add(decoder.add(vocabulary.piece(token)))
                first_ms = first_ms or (time.perf_counter() - started) * 1000
                if text:
                    yield Text(text)
                if met:
                    reason = "stop"
                    break
                if len(self._tokens) >= self.n_ctx - 1:
                    break
                one[0] = token
                if not self._evaluate(batch, [token]):
                    reason = "stopped"
                    break
        finally:
            sampler.close()
        if reason != "stop":
            text, met = stops.add(decoder.end())
            rest = text if met else text + stops.end()
            if rest:
                yield Text(rest)
        generate_ms = (time.perf_counter() - begun) * 1000
        stop: StopReason = reason  # type: ignore[assignment]
        yield Generated(stop, self._usage(cached, len(prompt), produced), prompt_ms, first_ms, generate_ms)

    def _prefill(self, prompt: list[int], cached: int) -> Iterator[int]:
        lc = self._lc
        for start in range(cached, len(prompt), N_BATCH):
            if self.cancel.is_set():
                return
            part = prompt[start : start + N_BATCH]
            array = (lc.llama_token * len(part))(*part)
            if not self._evaluate(lc.llama_batch_get_one(array, len(part)), part):
                return
            yield start + len(part)

    def _evaluate(self, batch: Any, tokens: list[int]) -> bool:
        """Put tokens into the KV cache; False when it was stopped on the way, with the cache in a known state."""
        code = self._lc.llama_decode(self._context, batch)
        if code == 0:
            self._tokens += tokens
            return True
        known = len(self._tokens)
        held = int(self._lc.llama_memory_seq_pos_max(self._memory, 0)) + 1
        self._tokens = (self._tokens + tokens)[: max(held, 0)]
        if code == 2:
            return False
        self._forget(known)
        if code == 1:
            raise ContextFull(f"The model's window of {self.n_ctx} tokens is full.", "Begin a new chat.")
        raise ModelError(f"llama.cpp could not evaluate the prompt (code {code}): {self.log.explain()}", "Try again.")

    def _reuse(self, prompt: list[int]) -> int:
        """Keep what the cache has in common with the prompt; the last token is always evaluated, for its logits."""
        common = 0
        for common, (old, new) in enumerate(zip(self._tokens, prompt, strict=False)):  # noqa: B007
            if old != new:
                break
        else:
            common = min(len(self._tokens), len(prompt))
        common = min(common, len(prompt) - 1)
        self._forget(common)
        return len(self._tokens)

    def _forget(self, start: int) -> None:
        """Drop everything from a position on."""
        if start < len(self._tokens) or start == 0:
            if start > 0 and self._lc.llama_memory_seq_rm(self._memory, 0, start, -1):
                del self._tokens[start:]
            else:
                self._lc.llama_memory_clear(self._memory, True)
                self._tokens = []

    def _usage(self, cached: int, evaluated_to: int, produced: int) -> Usage:
        return Usage(max(cached, evaluated_to), max(evaluated_to - cached, 0), cached, produced)

    def _load(self, path: Path, options: EngineOptions) -> Any:
        lc = self._lc
        params = lc.llama_model_default_params()
        gpu = bool(lc.llama_supports_gpu_offload())
        params.n_gpu_layers = options.gpu_layers if options.gpu_layers >= 0 else (999 if gpu else 0)
        model = lc.llama_model_load_from_file(os.fsencode(path), params)
        if not model:
            raise ModelError(
                f"llama.cpp cannot load {path}: {self.log.explain()}", "The file may need a newer program."
            )
        return model

    def _make_context(self, options: EngineOptions, wanted: int, threads: int) -> Any:
        lc = self._lc
        params = lc.llama_context_default_params()
        params.n_ctx = max(256, -(-wanted // 256) * 256)
        params.n_batch = params.n_ubatch = N_BATCH
        params.n_outputs_max = 4
        params.n_threads = params.n_threads_batch = threads
        params.flash_attn_type = FLASH.get(options.flash_attention, -1)
        params.type_k = params.type_v = KV_TYPES.get(options.kv_type, 1)
        context = lc.llama_init_from_model(self._model, params)
        if not context:
            raise ModelError(
                f"There is no room for a window of {params.n_ctx} tokens: {self.log.explain()}",
                "Choose a smaller one: assistant config set model.n_ctx 4096",
            )
        return context

    def _description(self) -> str:
        buffer = ctypes.create_string_buffer(128)
        self._lc.llama_model_desc(self._model, buffer, 128)
        # "llama 256M Q4_1": architecture, size class (its guess), quantisation.
        return buffer.value.decode("utf-8", "replace").rpartition(" ")[2]


def physical_cores() -> int:
    """Physical cores that this process may use: two threads on one core slow inference down."""
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:
        return max(1, (os.cpu_count() or 2) // 2)
    cores = set()
    for cpu in allowed:
        try:
            siblings = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
        except OSError:
            siblings = str(cpu)
        cores.add(siblings)
    return max(1, min(len(cores), _quota()))


def _quota() -> int:
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):
        return 1 << 16
