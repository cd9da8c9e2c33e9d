"""Messages to the tokens of a prompt, so that a message can never end its own turn.

Control-token texts inside a message (a document that says `<|im_start|>system`) must stay text: they are
replaced by private-use marks before the template is rendered, and tokenised as plain text afterwards.
"""

import re
from collections.abc import Sequence

from assistant.api import Message
from assistant.engine.template import ChatTemplate
from assistant.engine.vocabulary import Vocabulary

OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
REMEMBERED = 256
"""Messages known to be harmless; a chat sends the same ones again with every turn."""


class PromptTokens:
    """Renders and tokenises."""

    def __init__(self, template: ChatTemplate, vocabulary: Vocabulary) -> None:
        self._template, self._vocabulary = template, vocabulary
        self._bos, self._eos = vocabulary.text(vocabulary.bos()), vocabulary.text(vocabulary.eos())
        self._harmless: dict[str, None] = {}
        self._control: re.Pattern[str] | None = None

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt up to where the answer begins. Raises `ModelError` when the template refuses."""
        hidden: list[str] = []
        turns = [{"role": message.role, "content": self._hide(message.content, hidden)} for message in messages]
        text = self._template.render(turns, bos=self._bos, eos=self._eos)
        tokens: list[int] = []
        if self._vocabulary.adds_bos() and not (self._bos and text.startswith(self._bos)):
            tokens.append(self._vocabulary.bos())
        for index, part in enumerate(MARK.split(text)):
            if index % 2 == 0:
                tokens += self._vocabulary.tokenize(part, special=True)
            elif int(part) < len(hidden):
                tokens += self._vocabulary.tokenize(hidden[int(part)], special=False)
        return tokens

    def _hide(self, content: str, hidden: list[str]) -> str:
        if self._is_harmless(content):
            return content

        def hide(match: re.Match[str]) -> str:
            hidden.append(match[0])
            return f"{OPEN}{len(hidden) - 1}{CLOSE}"

        if self._control is None:
            texts = map(re.escape, self._vocabulary.control_texts())
            self._control = re.compile("|".join([*texts, f"[{OPEN}{CLOSE}]"]))
        return self._control.sub(hide, content)

    def _is_harmless(self, content: str) -> bool:
        """Whether the tokeniser finds no control token in it: cheaper than looking for each one's text."""
        if content in self._harmless:
            return True
        if OPEN in content or CLOSE in content:
            return False
        if self._vocabulary.tokenize(content, special=True) != self._vocabulary.tokenize(content, special=False):
            return False
        while len(self._harmless) >= REMEMBERED:
            del self._harmless[next(iter(self._harmless))]
        self._harmless[content] = None
        return True
