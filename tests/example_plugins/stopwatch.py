"""Says so when an answer took longer than `seconds` of `[plugin.stopwatch]` in config.toml (10 unless set)."""

from assistant.api import hookimpl


@hookimpl
def on_reply(reply, host):
    seconds = reply.timings_ms.get("total", 0) / 1000
    if seconds > host.settings.get("seconds", 10):
        host.notify(f"That took {seconds:.0f} s, at {reply.tokens_per_second:.0f} tokens a second.")
