"""The status line: what answers, what is in use, what goes on now."""

from textual.reactive import reactive
from textual.widgets import Static

from assistant.api import Reply
from assistant.chat.session import Session


class Status(Static):
    """One line; parts that do not fit are cut on the right."""

    activity: reactive[str] = reactive("starting")
    queued: reactive[int] = reactive(0)

    def __init__(self) -> None:
        super().__init__("starting", markup=False, id="status")
        self.session: Session | None = None
        self.reply: Reply | None = None

    def watch_activity(self) -> None:
        self.redraw()

    def watch_queued(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Show the present state."""
        self.update(self.line())

    def line(self) -> str:
        """The text of the line."""
        parts = [self.activity + (f" (+{self.queued} queued)" if self.queued else "")]
        session = self.session
        if session is not None:
            parts.append(session.model or "no model")
            parts += [f"{a.name}={a.scale:g}" for a in session.adapters]
            used = session.collections
            parts.append("kb off" if used is None else "kb " + (", ".join(used) or "all"))
            if session.info is not None:
                parts.append(f"{session.context_used}/{session.info.n_ctx} tokens")
        if self.reply is not None:
            prompt_ms = self.reply.timings_ms.get("prompt", 0.0)
            if prompt_ms > 0:
                parts.append(f"prompt {self.reply.usage.prompt_tokens_evaluated / prompt_ms * 1000:.0f} t/s")
            parts.append(f"answer {self.reply.tokens_per_second:.0f} t/s")
        return " | ".join(parts)
