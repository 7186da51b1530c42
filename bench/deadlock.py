"""Deadlock prediction in one trace of 1k, 10k and 100k events of 64 tasks that take two locks at a time.

Once all tasks take their locks in one order, once every eighth takes them the other way round. What is
timed is the search alone, on a graph and clocks that every analysis has anyway.

Then between traces, of 1k, 10k and 100k classes of lock orders: all that a run of locks has, packed as it
is stored. How many traces stand behind them costs nothing.

Last the locksets of one task that takes a new lock at each event and never gives one back.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from functools import partial
from random import Random

from bench.task_event import task_event
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.deadlock_across import find_deadlocks_across
from raceway_core.event import (
    AccessType,
    AsyncSpawn,
    Event,
    EventId,
    LockAcquire,
    LockMode,
    LockRelease,
    Payload,
    TraceId,
)
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Lock
from raceway_core.locking.dependency import Dependency, pack_dependency, pack_request, pack_way
from raceway_core.locking.way import Move
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.result import OrderClass

TASKS = 64
LOCKS = 16
SIZES = (1_000, 10_000, 100_000)
_TURN = 4
_MODULE = 64
_SCOPE = "service:bench"


def main() -> None:
    """Print a table per program."""
    _print_table("one order", "events", partial(_search, inverted=0))
    _print_table("every eighth task inverted", "events", partial(_search, inverted=8))
    _print_table("between traces, one order", "classes", partial(_search_across, inverted=0))
    _print_table(
        "between traces, every eighth module inverted", "classes", partial(_search_across, inverted=8)
    )
    _print_table("locksets, nothing released", "events", _locksets)


def _locksets(size: int) -> tuple[float, int]:
    acquires = (LockAcquire(lock_id=f"lock-{number}", location="worker.py:1") for number in range(size))
    graph = build_graph([task_event(number, "root", acquire) for number, acquire in enumerate(acquires)])
    began = time.perf_counter()
    locks_of(graph, DEFAULTS)
    return time.perf_counter() - began, 0


def _print_table(name: str, unit: str, search: Callable[[int], tuple[float, int]]) -> None:
    """Print a row per size, and the ratio of each to the size before."""
    print(f"  {name}")
    print(f"  {unit:>9} {'search':>12} {'10 × costs':>11} {'deadlocks':>10}")
    before = 0.0
    for size in SIZES:
        seconds, found = search(size)
        growth = f"{seconds / before:.1f} ×" if before else "-"
        print(f"  {size:>9,} {seconds * 1000:>9.2f} ms {growth:>11} {found:>10,}")
        before = seconds


def _search(size: int, *, inverted: int) -> tuple[float, int]:
    """Return the seconds of the fastest of three searches, and the deadlocks found."""
    graph = build_graph(_events(size, inverted))
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


def _search_across(size: int, *, inverted: int) -> tuple[float, int]:
    """Return the same of the classes of many traces."""
    classes = _classes(size, inverted)
    gc.freeze()
    times = []
    for _ in range(3):
        began = time.perf_counter()
        found = find_deadlocks_across(_SCOPE, classes)
        times.append(time.perf_counter() - began)
    return min(times), len(found.deadlocks)


def _classes(size: int, inverted: int) -> list[OrderClass]:
    """Return classes of requests that take two of the locks of one module, 64 classes and 16 locks each.

    They take the one of lower number first, but for the first class of every so many modules.
    """
    random = Random(size)
    return [_class_of(number, random, inverted * _MODULE) for number in range(size)]


def _class_of(number: int, random: Random, inverted: int) -> OrderClass:
    order = sorted(random.sample(range(LOCKS), 2), reverse=bool(inverted) and number % inverted == 0)
    held, wanted = (
        Lock(f"module-{number // _MODULE}.lock-{lock}", _SCOPE, LockMode.EXCLUSIVE) for lock in order
    )
    location = f"worker.py:{number}"
    dependency = Dependency("bench", location, wanted, (held,), (), pack_way((Move(held, is_acquire=True),)))
    request = AccessEvidence(
        event_id=EventId("event"),
        trace_id=TraceId(f"trace-{number}"),
        time_ns=number,
        variable=wanted.name,
        access_type=AccessType.ATOMIC_RMW,
        service="bench",
        instance="bench-1",
        process_id=1,
        thread_id="worker",
        location=location,
    )
    return OrderClass(pack_dependency(dependency), number, number, (pack_request(request),))
