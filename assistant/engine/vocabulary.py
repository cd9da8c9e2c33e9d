"""Text to tokens and back."""

import codecs
import ctypes
from typing import Any

UNKNOWN, CONTROL = 1 << 0, 1 << 3
"""LLAMA_TOKEN_ATTR_*: what the tokeniser makes of their texts only when it is allowed to."""


class Vocabulary:
    """A model's tokens. Pieces are cached as bytes, one by one, when they are first needed."""

    def __init__(self, lc: Any, model: Any) -> None:
        self._lc = lc
        self._handle = lc.llama_model_get_vocab(model)
        self.size = int(lc.llama_vocab_n_tokens(self._handle))
        self._pieces: dict[int, bytes] = {}

    def tokenize(self, text: str, *, special: bool) -> list[int]:
        """Tokens of a text; `special` lets control-token texts become control tokens."""
        if not text:
            return []
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            tokens = (self._lc.llama_token * size)()
            count = self._lc.llama_tokenize(self._handle, data, len(data), tokens, size, False, special)
            if count >= 0:
                return list(tokens[:count])
            size = -count

    def piece(self, token: int) -> bytes:
        """The bytes of one token; control tokens have none."""
        piece = self._pieces.get(token)
        if piece is None:
            piece = self._pieces[token] = self._read(token, special=False)
        return piece

    def text(self, token: int) -> str:
        """The text of a token, control tokens included."""
        return self._read(token, special=True).decode("utf-8", "replace") if token >= 0 else ""

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(self._lc.llama_vocab_is_eog(self._handle, token))

    def bos(self) -> int:
        """The token that begins a text, or -1."""
        return int(self._lc.llama_vocab_bos(self._handle))

    def eos(self) -> int:
        """The token that ends a text, or -1."""
        return int(self._lc.llama_vocab_eos(self._handle))

    def adds_bos(self) -> bool:
        """Whether every prompt of this model begins with `bos`."""
        return bool(self._lc.llama_vocab_get_add_bos(self._handle)) and self.bos() >= 0

    def control_texts(self) -> tuple[str, ...]:
        """The texts of all control tokens, longest first. Asks for every token's kind: some 10 ms."""
        kind = self._lc.llama_vocab_get_attr
        control = [token for token in range(self.size) if kind(self._handle, token) & (UNKNOWN | CONTROL)]
        return tuple(sorted({text for token in control if (text := self.text(token))}, key=len, reverse=True))

    def _read(self, token: int, *, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self._lc.llama_token_to_piece(self._handle, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            size = -count


class TextDecoder:
    """Bytes to text, never half a character; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, data: bytes) -> str:
        """The whole characters that are complete now."""
        return self._decoder.decode(data)

    def end(self) -> str:
        """U+FFFD for the beginning of a character that never came."""
        return self._decoder.decode(b"", True)
