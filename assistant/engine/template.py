"""The model's own chat template, rendered in a sandbox, to tokens.

Control-token texts inside a message (a document that says `<|im_start|>system`) must stay text: they are
replaced by private-use marks before rendering, and tokenised as plain text afterwards.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from assistant.api import Message
from assistant.engine.vocabulary import Vocabulary
from assistant.errors import ModelError

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
    "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""What is used for a model that brings no template."""

MARK = re.compile("\ue000(\\d+)\ue001")
FAULTS = (TypeError, ValueError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""What a foreign template can raise, besides jinja2's own errors."""


class ChatTemplate:
    """Turns messages into the tokens of a prompt."""

    def __init__(self, source: str, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._source = source or CHATML
        self._render: Callable[..., str] | None = None

    def tokens(self, messages: Sequence[Message]) -> list[int]:
        """The prompt up to where the answer begins. Raises `ModelError` when the template refuses."""
        control = self._vocabulary.control_texts()
        found: list[str] = []
        pattern = re.compile("|".join([*map(re.escape, control), "[\ue000\ue001]"]))

        def hide(match: re.Match[str]) -> str:
            found.append(match[0])
            return f"\ue000{len(found) - 1}\ue001"

        values = []
        for message in messages:
            values.append({"role": message.role, "content": pattern.sub(hide, message.content)})
        text = self._rendered(values)
        bos = self._vocabulary.text(self._vocabulary.bos())
        add_bos = self._vocabulary.adds_bos() and not (bos and text.startswith(bos))
        tokens: list[int] = []
        for index, part in enumerate(MARK.split(text)):
            if index % 2:
                tokens += self._vocabulary.tokenize(found[int(part)], special=False)
            elif part:
                tokens += self._vocabulary.tokenize(part, special=True, bos=add_bos and index == 0)
        return tokens

    def _rendered(self, messages: list[dict[str, str]]) -> str:
        import jinja2

        if self._render is None:
            self._render = self._compile()
        try:
            return self._render(messages=messages)
        except (jinja2.TemplateError, *FAULTS) as error:
            if messages and messages[0]["role"] == "system" and len(messages) > 1:
                # Some templates refuse a system message (Gemma's): its text then leads the first question.
                first = {"role": "user", "content": messages[0]["content"] + "\n\n" + messages[1]["content"]}
                return self._rendered([first, *messages[2:]])
            raise ModelError(f"The model's chat template failed: {error}.", "The file may be damaged.") from error

    def _compile(self) -> Callable[..., str]:
        import json
        from datetime import datetime

        import jinja2
        import jinja2.sandbox

        def refuse(message: str) -> None:
            raise jinja2.TemplateError(message)

        def to_json(value: Any, indent: int | None = None, **rest: Any) -> str:
            del rest
            return json.dumps(value, ensure_ascii=False, indent=indent)

        environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
        )
        environment.filters["tojson"] = to_json
        environment.globals.update(
            raise_exception=refuse,
            strftime_now=lambda form: datetime.now().strftime(form),
            bos_token=self._vocabulary.text(self._vocabulary.bos()),
            eos_token=self._vocabulary.text(self._vocabulary.eos()),
            add_generation_prompt=True,
        )
        try:
            return environment.from_string(self._source).render
        except jinja2.TemplateError as error:
            raise ModelError(
                f"The model's chat template cannot be read: {error}.", "The file may be damaged."
            ) from error
