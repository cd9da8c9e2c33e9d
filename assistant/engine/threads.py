"""How many threads inference gets: one for each physical core that this process may use.

Two threads on one core slow inference down, and more threads than cores stop it: they meet at a barrier
after every node of the graph.
"""

import contextlib
import os
import sys
from pathlib import Path

CPUS = Path("/sys/devices/system/cpu")
CGROUPS = Path("/sys/fs/cgroup")


def physical_cores() -> int:
    """Physical cores within the affinity mask and the cgroup's quota, at least 1."""
    return max(1, min(_cores(), _quota()))


def _cores() -> int:
    if sys.platform == "darwin":
        return _fast_cores() or os.cpu_count() or 1
    if not hasattr(os, "sched_getaffinity"):
        # Most of these machines run two threads on a core.
        return max(1, (os.cpu_count() or 2) // 2)
    siblings = set()
    for cpu in os.sched_getaffinity(0):
        try:
            siblings.add((CPUS / f"cpu{cpu}/topology/thread_siblings_list").read_text().strip())
        except OSError:
            siblings.add(str(cpu))
    return len(siblings)


def _fast_cores() -> int:
    """Performance cores of an Apple chip; 0 elsewhere. The efficient ones would hold up every barrier."""
    import ctypes

    count, size = ctypes.c_int32(0), ctypes.c_size_t(4)
    with contextlib.suppress(OSError, AttributeError):
        found = ctypes.CDLL(None).sysctlbyname(
            b"hw.perflevel0.physicalcpu", ctypes.byref(count), ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        return count.value if found == 0 else 0
    return 0


def _quota() -> int:
    """The tightest CPU quota of the control groups around this process, in whole cores."""
    cores = float(os.cpu_count() or 1)
    with contextlib.suppress(OSError, ValueError):
        lines = Path("/proc/self/cgroup").read_text().splitlines()
        own = next((line.removeprefix("0::/") for line in lines if line.startswith("0::/")), "")
        folder = CGROUPS / own
        for group in (folder, *folder.parents):
            if CGROUPS in (group, *group.parents):
                with contextlib.suppress(OSError, ValueError):
                    quota, period = (group / "cpu.max").read_text().split()
                    cores = min(cores, int(quota) / int(period))
    with contextlib.suppress(OSError, ValueError):
        quota_us = int((CGROUPS / "cpu/cpu.cfs_quota_us").read_text())
        if quota_us > 0:
            cores = min(cores, quota_us / int((CGROUPS / "cpu/cpu.cfs_period_us").read_text()))
    return max(1, round(cores))
