"""What a server has used: CPU time in nanoseconds, memory in bytes. Linux only."""

from __future__ import annotations

import time
from pathlib import Path

#: Low bits of a CPU clock id made from a process id (clock_getcpuclockid(3), kernel posix-timers.h).
_CPUCLOCK_SCHED = 2


def process_tree(root: int) -> tuple[int, ...]:
    """The process *root* and all its descendants that live now."""
    found, queue = [root], [root]
    while queue:
        parent = queue.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                children = [int(word) for word in task.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue  # a thread that ended between glob and read
            found += children
            queue += children
    return tuple(found)


def cpu_ns(processes: tuple[int, ...]) -> int:
    """User and system time used so far by all threads of *processes*, ended ones included.

    The scheduler's own clock, so nanoseconds and not ticks. Raises OSError when a process is
    gone: its time would be missing from the sum.
    """
    return sum(time.clock_gettime_ns((~pid << 3) | _CPUCLOCK_SCHED) for pid in processes)


def settled_cpu_ns(processes: tuple[int, ...], limit: float = 0.5) -> int:
    """``cpu_ns`` once the server has gone quiet (30 ms with less than 0.2 ms used), or after *limit* seconds."""
    end = time.monotonic() + limit
    before = cpu_ns(processes)
    while time.monotonic() < end:
        time.sleep(0.03)
        after = cpu_ns(processes)
        if after - before < 200_000:
            return after
        before = after
    return before


def memory_bytes(processes: tuple[int, ...]) -> int:
    """Proportional set size of *processes* together: shared pages count once."""
    total = 0
    for pid in processes:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) * 1024
    return total
