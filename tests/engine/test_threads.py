"""How many threads inference gets."""

import os
import subprocess
import sys

import pytest

from assistant.engine.threads import physical_cores


def test_there_is_one_thread_for_a_core_at_most():
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this platform")
def test_a_process_confined_to_one_core_gets_one_thread():
    code = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from assistant.engine.threads import physical_cores; print(physical_cores())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"
