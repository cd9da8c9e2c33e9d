"""Text to tokens and back."""

import codecs
import ctypes
from typing import Any

CONTROL = 1 << 3
"""LLAMA_TOKEN_ATTR_CONTROL."""


class Vocabulary:
    """A model's tokens. Pieces are cached as bytes, one by one, when they are first needed."""

    def __init__(self, lc: Any, model: Any) -> None:
        self._lc = lc
        self.handle = lc.llama_model_get_vocab(model)
        self.size = int(lc.llama_vocab_n_tokens(self.handle))
        self._pieces: dict[int, bytes] = {}
        self._control: tuple[str, ...] | None = None

    def tokenize(self, text: str, *, special: bool, bos: bool = False) -> list[int]:
        """Tokens of a text; `special` lets control-token texts become control tokens."""
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        while True:
            tokens = (self._lc.llama_token * size)()
            count = self._lc.llama_tokenize(self.handle, data, len(data), tokens, size, bos, special)
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
        return bool(self._lc.llama_vocab_is_eog(self.handle, token))

    def bos(self) -> int:
        return int(self._lc.llama_vocab_bos(self.handle))

    def eos(self) -> int:
        return int(self._lc.llama_vocab_eos(self.handle))

    def adds_bos(self) -> bool:
        return bool(self._lc.llama_vocab_get_add_bos(self.handle))

    def control_texts(self) -> tuple[str, ...]:
        """The texts of all control tokens, longest first."""
        if self._control is None:
            found = set()
            for token in range(self.size):
                if self._lc.llama_vocab_get_attr(self.handle, token) & CONTROL:
                    found.add(self.text(token))
            self._control = tuple(sorted((t for t in found if t), key=len, reverse=True))
        return self._control

    def _read(self, token: int, *, special: bool) -> bytes:
        size = 64
        while True:
            buffer = ctypes.create_string_buffer(size)
            count = self._lc.llama_token_to_piece(self.handle, token, buffer, size, 0, special)
            if count >= 0:
                return buffer.raw[:count]
            size = -count


class TextDecoder:
    """Bytes to text, never half a character; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def add(self, data: bytes) -> str:
        return self._decoder.decode(data)

    def end(self) -> str:
        return self._decoder.decode(b"", True)
