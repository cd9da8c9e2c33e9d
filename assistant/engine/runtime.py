"""A loaded model in this process: weights, one context, adapters, and what its KV cache holds.

Runs in the child only, all calls from one thread, except `cancel`.
"""

import ctypes
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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
from assistant.engine.bindings import low_level
from assistant.engine.cancel import Cancel
from assistant.engine.gguf_file import GGUFFile
from assistant.engine.guard import check_model
from assistant.engine.llama_log import LlamaLog
from assistant.engine.loading import gpu_layers, load_model, make_context
from assistant.engine.options import EngineOptions
from assistant.engine.prompt_cache import PromptCache
from assistant.engine.prompt_tokens import PromptTokens
from assistant.engine.sampler import Sampler
from assistant.engine.stops import StopFinder
from assistant.engine.template import ChatTemplate
from assistant.engine.vocabulary import TextDecoder, Vocabulary
from assistant.errors import ContextFull, ModelError

PIECE = 256
"""Tokens of a prompt evaluated between two reports of progress."""
SPARE = 8
"""Tokens of the window that a prompt must leave for the answer."""


class Runtime:
    """One model, ready to answer."""

    def __init__(self, name: str, path: Path, options: EngineOptions) -> None:
        header = check_model(path)
        template = ChatTemplate(header.text("tokenizer.chat_template"))
        lc = low_level()
        log = LlamaLog(lc)
        lc.llama_backend_init()
        model = load_model(lc, log, path, options)
        # Importing jinja2 takes as long as making the context, which does not hold Python's lock.
        threading.Thread(target=template.prepare, name="template", daemon=True).start()
        context = make_context(lc, log, model, header, options)
        self._context, self._lc = context, lc
        self.cancel = Cancel(lc, context)
        self._cache = PromptCache(lc, model, context, log)
        self._vocabulary = Vocabulary(lc, model)
        self._prompts = PromptTokens(template, self._vocabulary)
        self._adapters = AdapterSet(lc, model, context, header)
        self.n_ctx = int(lc.llama_n_ctx(context))
        self.info = _describe(name, header, lc, model, context, options)

    def count(self, messages: Sequence[Message]) -> int:
        """Tokens of the prompt."""
        return len(self._prompts.tokens(messages))

    def generate(self, request: Request) -> Iterator[GenerationEvent]:
        """Answer; see `api.ChatModel.generate`."""
        clock = _Clock(time.perf_counter())
        prompt = self._prompts.tokens(request.messages)
        if not prompt:
            raise ModelError("There is nothing to ask: the prompt is empty.", "Write a question.")
        if len(prompt) > self.n_ctx - SPARE:
            raise ContextFull(
                f"The prompt has {len(prompt)} tokens and the model's window {self.n_ctx}.",
                "Shorten it, or raise model.n_ctx if the model was trained for more.",
            )
        if self._adapters.use(request.adapters):
            # What is in the cache was computed with the other adapters.
            self._cache.clear()
        cached = self._cache.reuse(prompt)
        yield Evaluating(cached, len(prompt), cached)
        for start in range(cached, len(prompt), PIECE):
            if self.cancel.is_set() or not self._cache.add(prompt[start : start + PIECE]):
                clock.prompt_end()
                held = len(self._cache)
                yield clock.generated("stopped", Usage(max(held, cached), max(held - cached, 0), cached, 0))
                return
            yield Evaluating(len(self._cache), len(prompt), cached)
        clock.prompt_end()
        yield from self._decode(request, Usage(len(prompt), len(prompt) - cached, cached), clock)

    def _decode(self, request: Request, usage: Usage, clock: "_Clock") -> Iterator[GenerationEvent]:
        vocabulary, cache = self._vocabulary, self._cache
        decoder, stops = TextDecoder(), StopFinder(request.sampling.stop)
        produced = 0
        reason: StopReason = "length"
        sampler = Sampler(self._lc, vocabulary.size, request.sampling)
        try:
            while produced < request.sampling.max_tokens:
                if self.cancel.is_set():
                    reason = "stopped"
                    break
                token = sampler.sample(self._context)
                clock.token()
                if vocabulary.ends(token):
                    reason = "end"
                    break
                produced += 1
                text, met = stops.add(decoder.add(vocabulary.piece(token)))
                if text:
                    yield Text(text)
                if met:
                    reason = "stop"
                    break
                if len(cache) >= self.n_ctx - 1:
                    break
                if not cache.add((token,)):
                    reason = "stopped"
                    break
        finally:
            sampler.close()
        rest = "" if reason == "stop" else stops.end()
        if reason == "end":
            rest += decoder.end()
        if rest:
            yield Text(rest)
        yield clock.generated(reason, replace(usage, completion_tokens=produced))


@dataclass(slots=True)
class _Clock:
    """The times of one answer."""

    started: float
    prompt: float = 0.0
    first: float = 0.0

    def prompt_end(self) -> None:
        self.prompt = time.perf_counter()

    def token(self) -> None:
        self.first = self.first or time.perf_counter()

    def generated(self, reason: StopReason, usage: Usage) -> Generated:
        now = time.perf_counter()
        first_ms = (self.first - self.started) * 1000 if self.first else 0.0
        return Generated(reason, usage, (self.prompt - self.started) * 1000, first_ms, (now - self.prompt) * 1000)


def _describe(name: str, header: GGUFFile, lc: Any, model: Any, context: Any, options: EngineOptions) -> ModelInfo:
    buffer = ctypes.create_string_buffer(128)
    lc.llama_model_desc(model, buffer, len(buffer))
    # "llama 256M Q4_1": architecture, size class (its guess), quantisation.
    quantisation = buffer.value.decode("utf-8", "replace").rpartition(" ")[2]
    return ModelInfo(
        name,
        n_ctx=int(lc.llama_n_ctx(context)),
        n_ctx_train=int(lc.llama_model_n_ctx_train(model)),
        path=header.path,
        architecture=header.architecture,
        quantisation=quantisation,
        parameters=int(lc.llama_model_n_params(model)),
        size_bytes=header.size_bytes,
        settings={
            "threads": int(lc.llama_n_threads(context)),
            "batch": int(lc.llama_n_batch(context)),
            "kv_type": options.kv_type,
            "flash_attention": options.flash_attention,
            "gpu_layers": gpu_layers(lc, options),
            "own_template": bool(header.text("tokenizer.chat_template")),
        },
    )
