"""What a model is asked and what it answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Role = Literal["system", "user", "assistant"]
StopReason = Literal["end", "length", "stop", "stopped"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a prompt, before the model's chat template is applied."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; `seed=None` draws a fresh seed, `temperature=0` is greedy."""

    temperature: float = 0.2
    top_k: int = 40
    top_p: float = 0.9
    min_p: float = 0.05
    repeat_penalty: float = 1.05
    seed: int | None = None
    max_tokens: int = 512
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AdapterUse:
    """A LoRA file laid over the model with a scale (0 off, 1 as trained, any real number allowed)."""

    name: str
    path: Path
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class Request:
    """One generation: the whole prompt, the sampling and the adapters that must be on."""

    messages: tuple[Message, ...]
    sampling: Sampling = Sampling()
    adapters: tuple[AdapterUse, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts; `prompt_tokens` = `cached_tokens` + `prompt_tokens_evaluated`."""

    prompt_tokens: int = 0
    prompt_tokens_evaluated: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Evaluating:
    """Prompt processing goes on: `done` of `total` tokens are in the model, `cached` of them from before."""

    done: int
    total: int
    cached: int


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer; never half a character."""

    text: str


@dataclass(frozen=True, slots=True)
class Generated:
    """The end of an answer. Times are milliseconds."""

    stop_reason: StopReason
    usage: Usage
    prompt_ms: float
    first_token_ms: float
    generate_ms: float


GenerationEvent = Evaluating | Text | Generated


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a loaded model is. `n_ctx` is the window in use, `n_ctx_train` the one it was trained for, in tokens."""

    name: str
    n_ctx: int
    n_ctx_train: int = 0
    path: Path | None = None
    architecture: str = ""
    quantisation: str = ""
    parameters: int = 0
    size_bytes: int = 0
    settings: dict[str, str | int | float | bool] = field(default_factory=dict)


class ChatModel(Protocol):
    """A model that answers. One generation at a time; `stop` may come from any thread."""

    def load(self) -> ModelInfo:
        """Make the model ready and say what it is; a second call is free. Raises `ModelError`."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Count the tokens of the prompt as it would be sent, template included."""

    def generate(self, request: Request) -> Iterator[GenerationEvent]:
        """Answer, ending with one `Generated`. Raises `ContextFull`, `EngineDied`, `AdapterError`, `ModelError`."""

    def stop(self) -> None:
        """End the running generation soon: it then ends with `Generated(stop_reason="stopped")`."""

    def close(self) -> None:
        """Give back memory and processes. The model may be loaded again."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A model on offer: a GGUF file at `path`, or anything else that `open` makes."""

    name: str
    path: Path | None = None
    open: Callable[[], ChatModel] | None = None
    description: str = ""
    starter: bool = False
    """Chosen when the user has chosen nothing."""
