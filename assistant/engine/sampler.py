"""The sampler chain of llama.cpp for one generation."""

import os
from typing import Any

from assistant.api import Sampling
from assistant.errors import ModelError

PENALTY_WINDOW = 256
"""Tokens that the repetition penalty looks back on."""


class Sampler:
    """Chooses tokens. Free it with `close`."""

    def __init__(self, lc: Any, n_vocab: int, sampling: Sampling) -> None:
        self._lc = lc
        self._chain = lc.llama_sampler_chain_init(lc.llama_sampler_chain_default_params())
        if sampling.repeat_penalty != 1.0:
            self._add(lc.llama_sampler_init_penalties(n_vocab, PENALTY_WINDOW, sampling.repeat_penalty, 0.0, 0.0))
        if sampling.temperature <= 0:
            self._add(lc.llama_sampler_init_greedy())
            return
        if sampling.top_k > 0:
            self._add(lc.llama_sampler_init_top_k(sampling.top_k))
        if sampling.top_p < 1:
            self._add(lc.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            self._add(lc.llama_sampler_init_min_p(sampling.min_p, 1))
        self._add(lc.llama_sampler_init_temp(sampling.temperature))
        seed = int.from_bytes(os.urandom(4), "little") if sampling.seed is None else sampling.seed & 0xFFFFFFFF
        self._add(lc.llama_sampler_init_dist(seed))

    def sample(self, context: Any) -> int:
        """Choose the next token after the last decode."""
        return int(self._lc.llama_sampler_sample(self._chain, context, -1))

    def close(self) -> None:
        self._lc.llama_sampler_free(self._chain)

    def _add(self, sampler: Any) -> None:
        if not sampler:
            raise ModelError("A sampler of llama.cpp could not be made.", "Check the sampling values.")
        self._lc.llama_sampler_chain_add(self._chain, sampler)
