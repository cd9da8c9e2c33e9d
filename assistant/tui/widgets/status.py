"""The status line: what goes on now, what answers, what is in use, how full and how fast it is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.reactive import reactive
from textual.widgets import Static

from assistant.api import Reply, Usage
from assistant.plain_text import clean

if TYPE_CHECKING:
    from assistant.chat.records import StoredMessage
    from assistant.chat.session import Session

MODEL_WIDTH = 24
"""Columns for a model's name where the line is short."""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the line, its short form, and how soon it gives way (the highest first)."""

    text: str
    short: str
    gives_way: int


class Status(Static):
    """One line; pieces are shortened, then left out, where it is narrow."""

    activity: reactive[str] = reactive("starting")
    queued: reactive[int] = reactive(0)
    progress: reactive[str] = reactive("")
    """What a command is doing."""

    def __init__(self) -> None:
        super().__init__("starting", markup=False, id="status")
        self.session: Session | None = None
        self.reply: Reply | None = None
        self.before: Usage = Usage()
        """The token counts of a reopened chat's last answer."""

    def watch_activity(self) -> None:
        self.redraw()

    def watch_queued(self) -> None:
        self.redraw()

    def watch_progress(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def open(self, session: "Session", messages: "Sequence[StoredMessage]") -> None:
        """Show another chat."""
        self.session, self.reply = session, None
        usages = [message.details.usage for message in messages if message.details.usage.prompt_tokens]
        self.before = usages[-1] if usages else Usage()
        self.activity = "loading model"
        self.redraw()

    def redraw(self) -> None:
        """Show the present state."""
        self.update(fit(self._parts(), self.size.width or 80))

    def line(self) -> str:
        """The whole line, however wide."""
        return fit(self._parts(), 1000)

    def _parts(self) -> list[Part]:
        now = self.activity + (f" (+{self.queued} queued)" if self.queued else "")
        parts = [Part(now, now, 0)]
        if self.progress:
            doing = " ".join(clean(self.progress).split())
            parts.append(Part(doing, doing, 1))
        session = self.session
        if session is not None:
            model = clean(session.model) or "no model"
            parts.append(Part(model, _shortened(model), 4))
            for use in session.adapters:
                adapter = f"{clean(use.name)}={use.scale:g}"
                parts.append(Part(adapter, adapter, 3))
            used = session.collections
            knowledge = "kb off" if used is None else "kb " + (clean(", ".join(used)) or "all")
            parts.append(Part(knowledge, knowledge, 5))
            if session.info is not None:
                tokens = session.context_used or self.before.prompt_tokens + self.before.completion_tokens
                window = session.info.n_ctx
                filled = f"{tokens}/{window}"
                parts.append(Part(f"{filled} tokens ({100 * tokens // max(1, window)}%)", filled, 1))
        if self.reply is not None:
            parts.append(_speed(self.reply))
        return parts


def fit(parts: list[Part], width: int) -> str:
    """The longest form of the line that fits: pieces are shortened one by one, then left out one by one."""
    separator = " │ " if width >= 60 else " "
    kept = [(part.gives_way, part.text) for part in parts]
    for place, part in sorted(enumerate(parts), key=lambda item: -item[1].gives_way):
        if len(separator.join(text for _, text in kept)) <= width:
            break
        kept[place] = (part.gives_way, part.short)
    while len(kept) > 1 and len(separator.join(text for _, text in kept)) > width:
        kept.remove(max(kept))
    return separator.join(text for _, text in kept)


def _speed(reply: Reply) -> Part:
    milliseconds = reply.timings_ms.get("prompt", 0.0)
    answer = f"{reply.tokens_per_second:.0f}"
    if milliseconds < 1:
        return Part(f"answer {answer} t/s", f"{answer} t/s", 2)
    prompt = f"{reply.usage.prompt_tokens_evaluated / milliseconds * 1000:.0f}"
    return Part(f"prompt {prompt} t/s, answer {answer} t/s", f"in {prompt} out {answer} t/s", 2)


def _shortened(name: str) -> str:
    return name if len(name) <= MODEL_WIDTH else name[: MODEL_WIDTH - 1] + "…"
