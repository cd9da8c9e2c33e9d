"""The engine with the real starter model."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from assistant.api import AdapterUse, Evaluating, Generated, Message, Request, Sampling, Text
from assistant.engine import Engine, EngineOptions
from assistant.engine.spare import prestart
from assistant.errors import AdapterError, ContextFull, EngineDied, ModelError

GREEDY = Sampling(temperature=0, max_tokens=16, repeat_penalty=1.0)
LONG = Sampling(temperature=0, max_tokens=400, repeat_penalty=1.0)
BRIEF = Message("system", "You are a helpful assistant. Answer briefly and truthfully.")
FRANCE = Message("user", "What is the capital of France?")
STORY = Message("user", "Tell me a long story about a fox.")


def wait_for_end(child):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        threading.Event().wait(0.02)
    pytest.fail("the child outlived the program")


def ask(engine, *messages, sampling=GREEDY, adapters=()):
    events = list(engine.generate(Request(messages, sampling, tuple(adapters))))
    return "".join(e.text for e in events if isinstance(e, Text)), events[-1]


def test_greedy_answers_repeat_and_reuse_what_is_in_the_cache(engine):
    text, first = ask(engine, BRIEF, FRANCE)
    again, second = ask(engine, BRIEF, FRANCE)
    assert "Paris" in text
    assert again == text
    assert second.usage.cached_tokens == second.usage.prompt_tokens - 1
    _, third = ask(engine, BRIEF, FRANCE, Message("assistant", text), Message("user", "And of Spain?"))
    assert third.usage.cached_tokens >= first.usage.prompt_tokens
    assert third.usage.prompt_tokens == third.usage.cached_tokens + third.usage.prompt_tokens_evaluated
    assert engine.count_tokens([BRIEF, FRANCE]) == first.usage.prompt_tokens


def test_a_stop_ends_decoding_and_the_engine_goes_on(engine):
    expected, _ = ask(engine, BRIEF, FRANCE)
    events = []
    for event in engine.generate(Request((STORY,), LONG)):
        events.append(event)
        if isinstance(event, Text):
            engine.stop()
    assert events[-1].stop_reason == "stopped"
    assert events[-1].usage.completion_tokens < 400
    assert ask(engine, BRIEF, FRANCE)[0] == expected


def test_a_stop_reaches_prompt_processing(engine):
    expected, _ = ask(engine, BRIEF, FRANCE)
    long = Message("user", "The fox walks over the hill and sees another one. " * 80)
    events = engine.generate(Request((long,), LONG))
    assert isinstance(next(events), Evaluating)
    engine.stop()
    end = list(events)[-1]
    assert isinstance(end, Generated)
    assert end.stop_reason == "stopped"
    assert end.usage.completion_tokens == 0
    assert ask(engine, BRIEF, FRANCE)[0] == expected


def test_an_answer_left_early_leaves_the_engine_free(engine):
    expected, _ = ask(engine, BRIEF, FRANCE)
    events = engine.generate(Request((STORY,), LONG))
    next(event for event in events if isinstance(event, Text))
    events.close()
    assert ask(engine, BRIEF, FRANCE)[0] == expected


def test_a_killed_child_is_named_and_replaced(engine):
    expected, _ = ask(engine, BRIEF, FRANCE)
    events = engine.generate(Request((STORY,), LONG))
    next(event for event in events if isinstance(event, Text))
    os.kill(engine.process_id, signal.SIGKILL)
    with pytest.raises(EngineDied, match="SIGKILL"):
        list(events)
    assert ask(engine, BRIEF, FRANCE)[0] == expected


def test_an_abort_in_the_child_is_told_with_what_it_said_last(engine):
    events = engine.generate(Request((STORY,), LONG))
    next(event for event in events if isinstance(event, Text))
    before = engine.restarts
    os.kill(engine.process_id, signal.SIGABRT)
    with pytest.raises(EngineDied, match="SIGABRT") as death:
        list(events)
    assert "Thread" not in death.value.message
    assert "Paris" in ask(engine, BRIEF, FRANCE)[0]
    assert engine.restarts == before + 1


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts open files in /proc")
def test_restarts_leave_no_files_open(engine):
    def die():
        engine.load()
        os.kill(engine.process_id, signal.SIGKILL)
        with pytest.raises(EngineDied):
            ask(engine, STORY, sampling=LONG)
        return len(list(Path("/proc/self/fd").iterdir()))

    first = die()
    assert [die(), die()] == [first, first]


def test_a_child_that_talks_nonsense_is_ended(starter, tmp_path, monkeypatch):
    for number, said in enumerate((b"Hello, world!\n", b'\0\0\0\x18\0\0\0\0{"id":1,"kind":"loaded"}')):
        module = tmp_path / f"mad_child_{number}.py"
        module.write_text(f"import os, sys\nos.write(1, {said!r})\nsys.stdin.read()")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setattr("assistant.engine.spare.MODULE", module.stem)
        mad = Engine("mad", starter)
        with pytest.raises(EngineDied, match="nonsense"):
            mad.load()
        assert mad.process_id is None


def test_a_child_that_hangs_is_ended(tmp_path, starter, monkeypatch):
    (tmp_path / "hanging_child.py").write_text(
        "import sys\nsys.stdin.buffer.raw.read(1)\nimport signal\nsignal.pause()"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr("assistant.engine.spare.MODULE", "hanging_child")
    monkeypatch.setattr("assistant.engine.client.LOOK_SECONDS", 0.05)
    monkeypatch.setattr("assistant.engine.client.SILENCE_SECONDS", 0.5)
    hanging = Engine("hanging", starter)
    with pytest.raises(EngineDied, match="does not answer"):
        hanging.load()
    assert hanging.process_id is None


def test_a_child_started_ahead_is_taken_or_ends_with_the_program(starter):
    prestart()
    prestart()
    early = Engine("starter", starter, EngineOptions(n_ctx=512))
    assert "Paris" in ask(early, BRIEF, FRANCE)[0]
    early.close()
    code = (
        "from assistant.engine.spare import prestart, take\nimport os\nprestart()\nchild = take(None)\n"
        "print(child.process.pid, flush=True)\nos._exit(0)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    wait_for_end(int(done.stdout))


def test_a_fault_in_one_turn_does_not_cost_the_model(engine):
    process = engine.load() and engine.process_id
    with pytest.raises(ModelError, match="engine failed"):
        ask(engine, FRANCE, sampling=Sampling(temperature="hot"))
    assert "Paris" in ask(engine, BRIEF, FRANCE)[0]
    assert engine.process_id == process


def test_closing_while_an_answer_runs_is_no_hang(starter):
    engine = Engine("starter", starter, EngineOptions(n_ctx=512))
    events = engine.generate(Request((STORY,), LONG))
    next(event for event in events if isinstance(event, Text))
    engine.close()
    with pytest.raises(EngineDied, match="closed"):
        list(events)
    assert "Paris" in ask(engine, BRIEF, FRANCE)[0]
    engine.close()
    engine.close()


def test_a_stop_while_the_model_loads_is_not_lost(starter):
    engine = Engine("starter", starter, EngineOptions(n_ctx=512))
    events = []
    asking = threading.Thread(target=lambda: events.extend(engine.generate(Request((STORY,), LONG))))
    asking.start()
    while engine.process_id is None:
        threading.Event().wait(0.001)
    engine.stop()
    asking.join(60)
    assert events[-1].stop_reason == "stopped"
    assert events[-1].usage.completion_tokens < 50
    engine.close()


def test_an_answer_ends_where_the_window_ends(starter):
    engine = Engine("starter", starter, EngineOptions(n_ctx=256))
    _, end = ask(engine, STORY, sampling=LONG)
    assert end.stop_reason == "length"
    assert end.usage.prompt_tokens + end.usage.completion_tokens == 256
    assert "Paris" in ask(engine, BRIEF, FRANCE)[0]
    engine.close()


def test_a_window_larger_than_the_machine_is_refused(starter):
    with pytest.raises(ModelError, match="no room for a window"):
        Engine("starter", starter, EngineOptions(n_ctx=1 << 30)).load()


def test_the_child_ends_with_the_program(starter):
    code = (
        "import sys, pathlib, os\nfrom assistant.engine import Engine\nfrom assistant.api import *\n"
        f"e = Engine('s', pathlib.Path({str(starter)!r}))\n"
        "r = Request((Message('user', 'Tell me a long story.'),), Sampling(max_tokens=4000, temperature=0))\n"
        "for event in e.generate(r):\n"
        "    if isinstance(event, Text): print(e.process_id, flush=True); os._exit(1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    wait_for_end(int(done.stdout))


def test_adapters_go_on_and_off_on_the_same_engine(engine, write_lora):
    plain, _ = ask(engine, BRIEF, FRANCE)
    use = AdapterUse("noise", write_lora(), 20.0)
    process = engine.process_id
    noisy, end = ask(engine, BRIEF, FRANCE, adapters=[use])
    assert noisy != plain
    assert end.usage.cached_tokens == 0
    assert ask(engine, BRIEF, FRANCE, adapters=[AdapterUse("noise", use.path, 0.0)])[0] == plain
    assert ask(engine, BRIEF, FRANCE)[0] == plain
    assert engine.process_id == process


def test_a_bad_adapter_is_refused_and_the_engine_lives(engine, write_lora, tmp_path):
    process = engine.process_id
    for path in (write_lora("wide.gguf", inner=64), write_lora("alpha.gguf", int_alpha=True), tmp_path / "none.gguf"):
        with pytest.raises(AdapterError, match=path.name):
            ask(engine, BRIEF, FRANCE, adapters=[AdapterUse("bad", path)])
    assert "Paris" in ask(engine, BRIEF, FRANCE)[0]
    assert engine.process_id == process


def test_a_prompt_too_long_is_refused_with_numbers(engine):
    with pytest.raises(ContextFull, match="1024"):
        ask(engine, Message("user", "word " * 3000))


def test_control_tokens_in_a_message_stay_text(engine):
    spelled = engine.count_tokens([Message("user", "<|im_end|>")])
    assert spelled > engine.count_tokens([Message("user", "x")]) + 2


def test_stop_strings_never_show(engine):
    text, end = ask(engine, BRIEF, FRANCE, sampling=Sampling(temperature=0, repeat_penalty=1.0, stop=("Paris",)))
    assert end.stop_reason == "stop"
    assert "Par" not in text


def test_no_event_holds_half_a_character(engine):
    text, _ = ask(engine, Message("user", "Repeat: 日本語 🦊 é"), sampling=Sampling(temperature=0, max_tokens=24))
    assert "\ufffd" not in text


def test_an_unusable_model_is_a_model_error(tmp_path):
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF\x03\0\0\0")
    with pytest.raises(ModelError, match=r"broken\.gguf"):
        Engine("broken", path, EngineOptions()).load()
