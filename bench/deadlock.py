"""Deadlock prediction in one trace of 1k, 10k and 100k events of 64 tasks that take two locks at a time.

Once all tasks take their locks in one order, once every eighth takes them the other way round. What is
timed is the search alone, on a graph and clocks that every analysis has anyway. Then the locksets of one
task that takes a new lock at each event and never gives one back.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator

from bench.task_event import task_event
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.event import AsyncSpawn, Event, LockAcquire, LockRelease, Payload
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS

TASKS = 64
LOCKS = 16
SIZES = (1_000, 10_000, 100_000)
_TURN = 4


def main() -> None:
    """Print a row per size and program, and the ratio of each to the size before."""
    for name, inverted in (("one order", 0), ("every eighth task inverted", 8)):
        print(f"  {name}")
        print(f"  {'events':>9} {'search':>12} {'10 × costs':>11} {'deadlocks':>10}")
        before = 0.0
        for size in SIZES:
            seconds, found = _search(_events(size, inverted))
            growth = f"{seconds / before:.1f} ×" if before else "-"
            print(f"  {size:>9,} {seconds * 1000:>9.2f} ms {growth:>11} {found:>10,}")
            before = seconds
    print("  locksets, nothing released")
    for size in SIZES[:2]:
        print(f"  {size:>9,} {_locksets(size) * 1000:>9.2f} ms")


def _locksets(size: int) -> float:
    acquires = (LockAcquire(lock_id=f"lock-{number}", location="worker.py:1") for number in range(size))
    graph = build_graph([task_event(number, "root", acquire) for number, acquire in enumerate(acquires)])
    began = time.perf_counter()
    locks_of(graph, DEFAULTS)
    return time.perf_counter() - began


def _search(events: list[Event]) -> tuple[float, int]:
    """Return the seconds of the fastest of three searches, and the deadlocks found."""
    graph = build_graph(events)
    clocks, locks = clocks_of(graph), locks_of(graph, DEFAULTS)
    gc.freeze()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        found = find_deadlocks(graph, clocks, locks.holds, DEFAULTS)
        times.append(time.perf_counter() - began)
    return min(times), len(found.cycles)


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
    first = (turn // TASKS) % (LOCKS - 1)
    order = (first, first + 1)
    if inverted and turn % TASKS % inverted == 0:
        order = (first + 1, first)
    for kind, locks in ((LockAcquire, order), (LockRelease, order[::-1])):
        for lock in locks:
            yield kind(lock_id=f"lock-{lock}", location=f"worker.py:{lock}")
