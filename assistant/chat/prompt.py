"""The prompt: system, then the turns exactly as they were sent, then the new question with its passages.

What was sent stays as it was sent, so the model evaluates only the new turn. When the window is full the
oldest turns are left out, in one visible step that makes room for several turns.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from assistant.api import ContextFull, Message, Passage
from assistant.chat.records import StoredMessage
from assistant.knowledge.passages import grounded_question

ROOM_AFTER_CUT = 0.6
"""After turns are left out the prompt fills at most this share of the window, so that the next turns fit too."""

Count = Callable[[Sequence[Message]], int]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is sent: the messages, the question as sent, how many passages it holds.

    `first` is the oldest message sent after a cut; None where there was no cut, or nothing old was kept.
    """

    messages: tuple[Message, ...]
    sent: str
    passages: int
    first: int | None
    left_out: int
    tokens: int


def build_prompt(
    *,
    system: str,
    history: Sequence[StoredMessage],
    first: int | None,
    question: str,
    attachment: str,
    passages: Sequence[Passage],
    count: Count,
    window: int,
    reserve: int,
    share: float,
) -> Prompt:
    """Fit the prompt into `window` tokens less `reserve` for the answer.

    `first` is the message that an earlier turn's cut left as the first. Raises `ContextFull` when the new
    question alone is too long.
    """
    limit = window - min(reserve, window // 3)
    turns = [m for m in history if first is None or m.id >= first]
    sent = compose(question, attachment, ())
    size = bare = count(_messages(system, [], sent))
    used = len(passages)
    while used:
        grounded = compose(question, attachment, passages[:used])
        size = count(_messages(system, [], grounded))
        if size - bare <= limit * share and size <= limit:
            sent = grounded
            break
        used -= 1
        size = bare
    if size > limit:
        raise ContextFull(
            f"The question takes {size} tokens and the model's window has room for {limit}.",
            "Shorten it, add the text to the knowledge base instead, or raise model.n_ctx.",
        )
    messages = _messages(system, turns, sent)
    tokens = count(messages)
    left_out = 0
    if tokens > limit:
        target = max(int(limit * ROOM_AFTER_CUT), size)
        while turns and tokens > target:
            step = 2 if len(turns) >= 2 else 1
            turns = turns[step:]
            left_out += step
            messages = _messages(system, turns, sent)
            tokens = count(messages)
    kept = first if not left_out else turns[0].id if turns else None
    return Prompt(messages, sent, used, kept, left_out, tokens)


def compose(question: str, attachment: str, passages: Sequence[Passage]) -> str:
    """The user message as the model gets it."""
    text = f"{question}\n\n```\n{attachment.rstrip()}\n```" if attachment.strip() else question
    return grounded_question(text, passages) if passages else text


def _messages(system: str, turns: Sequence[StoredMessage], sent: str) -> tuple[Message, ...]:
    start = [Message("system", system)] if system.strip() else []
    middle = [Message(m.role, m.sent or m.text) for m in turns if (m.sent or m.text).strip()]
    return (*start, *_alternating(middle), Message("user", sent))


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """Many templates insist on user and assistant in turn: a question without an answer gets an empty one."""
    fixed: list[Message] = []
    for message in messages:
        if fixed and fixed[-1].role == message.role == "user":
            fixed.append(Message("assistant", "(no answer)"))
        fixed.append(message)
    if fixed and fixed[-1].role == "user":
        fixed.append(Message("assistant", "(no answer)"))
    return fixed
