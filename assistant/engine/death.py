"""Why the engine's child ended, as a sentence with a hint."""

import re

from assistant.errors import EngineDied
from assistant.processes.child import Child

WORDS = re.compile("error|assert|abort|cannot|failed|terminate|what\\(\\)|alloc|memory", re.IGNORECASE)
"""Marks a line of the child's log that may say why it ended."""
USUAL = re.compile("removing memory module entries|failed to decode, ret = 2")
"""What llama.cpp writes when an answer is stopped."""
LINES = 200
DUMP = "Fatal Python error"
"""Begins faulthandler's dump: what stands before it says more."""
AGAIN = "Ask again: it is started anew."
HINTS = {
    "SIGKILL": f"{AGAIN} If the machine ran out of memory, choose a smaller model or model.n_ctx.",
    "SIGILL": "llama.cpp was built for another processor: pip install --force-reinstall --no-cache-dir "
    "--no-binary llama-cpp-python llama-cpp-python",
    "SIGBUS": f"{AGAIN} The model file may have been cut short or replaced.",
}


def death_of(child: Child, how: str = "") -> EngineDied:
    """The error for a child that ended, or that must be ended because of `how`; ends it."""
    reason = how or child.describe_exit()
    lines = child.last_words(LINES)
    dump = next((at for at, line in enumerate(lines) if line.startswith(DUMP)), len(lines))
    words = [line for line in lines[:dump] if WORDS.search(line) and not USUAL.search(line)][-2:]
    child.kill()
    said = f" It said last: {' / '.join(words)[:300]}." if words else ""
    hint = next((hint for signal, hint in HINTS.items() if signal in reason), AGAIN)
    return EngineDied(f"The process that holds the model ended: {reason}.{said}", hint)
