"""The model's own chat template: messages to the text of a prompt."""

import threading
from collections.abc import Callable, Iterator
from itertools import groupby

from assistant.errors import ModelError

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' "
    "+ '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""What is used for a model that brings no template."""

Turns = list[dict[str, str]]


class ChatTemplate:
    """Renders messages. Compiled once, by `prepare` in another thread or at the first use."""

    def __init__(self, source: str) -> None:
        self._source = source or CHATML
        self._render: Callable[..., str] | None = None
        self._compiling = threading.Lock()

    def prepare(self) -> None:
        """Compile the template now; a fault in it shows at the first use."""
        from assistant.engine.jinja_environment import FAULTS, compile_template

        with self._compiling:
            if self._render is None:
                try:
                    self._render = compile_template(self._source)
                except FAULTS as error:
                    self._render = _failing(str(error))

    def render(self, turns: Turns, *, bos: str, eos: str) -> str:
        """The prompt up to where the answer begins. Raises `ModelError` when the template refuses."""
        from assistant.engine.jinja_environment import FAULTS

        if self._render is None:
            self.prepare()
        assert self._render is not None
        fault: Exception | None = None
        for form in _forms(turns):
            try:
                return self._render(messages=form, bos_token=bos, eos_token=eos)
            except FAULTS as error:
                fault = fault or error
        raise ModelError(f"The model's chat template cannot be used: {fault}.", "Choose another model.")


def _forms(turns: Turns) -> Iterator[Turns]:
    """The messages as they are, and then as stricter templates want them (Gemma's, Mistral's).

    Those refuse two turns of one role in a row, or a system message: its text then leads the first question.
    """
    yield turns
    merged = _merged(turns)
    if merged != turns:
        yield merged
    if len(merged) > 1 and merged[0]["role"] == "system":
        yield _merged([{**merged[0], "role": "user"}, *merged[1:]])


def _merged(turns: Turns) -> Turns:
    return [
        {"role": role, "content": "\n\n".join(turn["content"] for turn in group)}
        for role, group in groupby(turns, lambda turn: turn["role"])
    ]


def _failing(reason: str) -> Callable[..., str]:
    def render(**values: object) -> str:
        del values
        raise ValueError(reason)

    return render
