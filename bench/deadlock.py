"""Deadlock prediction in one trace of 1k to 1M events of 64 tasks that take two locks at a time.

Once all tasks take their locks in one order, once every eighth takes them the other way round. What is
timed is the search alone, on a graph and clocks that every analysis has anyway.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from bench.task_event import task_event
from raceway_common.collector import settle_gc
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.event import AsyncSpawn, Event, LockAcquire, LockRelease, Payload
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS

TASKS = 64
LOCKS = 16
SIZES = (1_000, 10_000, 100_000, 1_000_000)
PROGRAMS = {"one order": 0, "every eighth task inverted": 8}
_TURN = 4


def main() -> None:
    """Print a row per size and program, and the ratio of each to the size before."""
    for name, inverted in PROGRAMS.items():
        print(f"  {name}")
        print(f"  {'events':>9} {'search':>12} {'10 × costs':>11} {'peak memory':>12} {'deadlocks':>10}")
        before = None
        for size in SIZES:
            seconds, peak, found = measured_alone("bench.deadlock", size, inverted)
            times = f"{seconds * 1000:>9.2f} ms {growth(seconds, before):>11}"
            print(f"  {size:>9,} {times} {peak:>9.0f} MB {int(found):>10,}")
            before = seconds


def _search(size: int, inverted: int) -> tuple[float, float, int]:
    """Return seconds of the fastest of three searches, peak memory in MB, and the deadlocks found."""
    graph = build_graph(_events(size, inverted))
    clocks, locks = clocks_of(graph), locks_of(graph, DEFAULTS)
    settle_gc()
    times = []
    for _ in range(3 if size < SIZES[-1] else 1):
        began = time.perf_counter()
        found = find_deadlocks(graph, clocks, locks.holds, DEFAULTS)
        times.append(time.perf_counter() - began)
    return min(times), peak_mb(), len(found.cycles)


def _events(size: int, inverted: int) -> list[Event]:
    """Return a root that spawns the tasks, which then take turns: two acquires, two releases."""
    spawns = [task_event(number, "root", AsyncSpawn(task_id=f"task-{number}")) for number in range(TASKS)]
    turns = (
        task_event(TASKS + turn * _TURN + number, f"task-{turn % TASKS}", payload)
        for turn in range((size - TASKS) // _TURN)
        for number, payload in enumerate(_turn(turn, inverted))
    )
    return [*spawns, *turns]


def _turn(turn: int, inverted: int) -> Iterator[Payload]:
    first = turn % (LOCKS - 1)
    order = (first, first + 1)
    if inverted and turn % TASKS % inverted == 0:
        order = (first + 1, first)
    for kind, locks in ((LockAcquire, order), (LockRelease, order[::-1])):
        for lock in locks:
            yield kind(lock_id=f"lock-{lock}", location=f"worker.py:{lock}")


if __name__ == "__main__":
    print(*_search(int(sys.argv[1]), int(sys.argv[2])))
