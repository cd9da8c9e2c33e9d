"""What happens while a question is answered, in the order it happens. Every front end draws these."""

from dataclasses import dataclass

from assistant.api import Evaluating, Found, Reply, Text


@dataclass(frozen=True, slots=True)
class Asked:
    """The question is on disk, as message `message` of chat `chat`."""

    chat: str
    message: int


@dataclass(frozen=True, slots=True)
class Searching:
    """Knowledge is being looked up."""

    query: str


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Passages were found; `used` of them go into the prompt, the first `used`."""

    found: Found
    used: int
    ms: float


@dataclass(frozen=True, slots=True)
class Loading:
    """The model is being loaded."""

    model: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """The window is full: the oldest `messages` are not sent to the model (they stay in the chat)."""

    messages: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The model's process died and a new one is being started."""

    reason: str


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something went wrong that does not prevent an answer, such as a knowledge source that failed."""

    text: str


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer is complete (or was stopped) and on disk; `reply.text` is the text with citations added."""

    reply: Reply


Event = Asked | Searching | Retrieved | Loading | LeftOut | Restarted | Noticed | Evaluating | Text | Answered

__all__ = [
    "Answered",
    "Asked",
    "Evaluating",
    "Event",
    "LeftOut",
    "Loading",
    "Noticed",
    "Restarted",
    "Retrieved",
    "Searching",
    "Text",
]
