"""What the KV cache holds, and how much of a new prompt it spares."""

from collections.abc import Sequence
from typing import Any

from assistant.engine.llama_log import LlamaLog
from assistant.errors import ContextFull, ModelError

STOPPED, NO_ROOM = 2, 1
"""Results of `llama_decode`, besides 0."""


class PromptCache:
    """The tokens of the one sequence of a context, kept equal to what llama.cpp has in its KV cache."""

    def __init__(self, lc: Any, model: Any, context: Any, log: LlamaLog) -> None:
        self._lc, self._context, self._log = lc, context, log
        self._memory = lc.llama_get_memory(context)
        if not self._memory or lc.llama_model_has_encoder(model):
            raise ModelError("This model only embeds text and cannot chat.", "Choose a chat model.")
        # Their state sums up all tokens: it cannot be cut back to the middle of a decode that was ended.
        self._recurrent = bool(lc.llama_model_is_recurrent(model) or lc.llama_model_is_hybrid(model))
        self._tokens: list[int] = []
        self._one = (lc.llama_token * 1)()
        self._batch_of_one = lc.llama_batch_get_one(self._one, 1)

    def __len__(self) -> int:
        return len(self._tokens)

    def reuse(self, prompt: Sequence[int]) -> int:
        """Keep what is in common with the prompt, and say how many tokens that is.

        The last token is always evaluated again: its logits are not part of the cache.
        """
        common, most = 0, min(len(self._tokens), len(prompt) - 1)
        while common < most and self._tokens[common] == prompt[common]:
            common += 1
        self._keep(common)
        return len(self._tokens)

    def clear(self) -> None:
        """Forget everything."""
        self._lc.llama_memory_clear(self._memory, True)
        self._tokens.clear()

    def add(self, tokens: Sequence[int]) -> bool:
        """Evaluate tokens (at most a batch) after those that are there; False when it was stopped on the way."""
        if len(tokens) == 1:
            self._one[0] = tokens[0]
            return self._decode(self._batch_of_one, tokens)
        array = (self._lc.llama_token * len(tokens))(*tokens)
        return self._decode(self._lc.llama_batch_get_one(array, len(tokens)), tokens)

    def _decode(self, batch: Any, tokens: Sequence[int]) -> bool:
        code = self._lc.llama_decode(self._context, batch)
        if code == 0:
            self._tokens += tokens
            return True
        before = len(self._tokens)
        self._tokens += tokens
        held = int(self._lc.llama_memory_seq_pos_max(self._memory, 0)) + 1
        if code == STOPPED:
            self._keep(0 if self._recurrent else max(held, 0))
            return False
        self._keep(0 if self._recurrent else before)
        if code == NO_ROOM:
            raise ContextFull("The model's window is full.", "Begin a new chat, or raise model.n_ctx.")
        raise ModelError(f"llama.cpp could not evaluate the prompt (code {code}): {self._log.explain()}.", "Ask again.")

    def _keep(self, count: int) -> None:
        if count >= len(self._tokens):
            return
        if count > 0 and self._lc.llama_memory_seq_rm(self._memory, 0, count, -1):
            del self._tokens[count:]
        else:
            self.clear()
