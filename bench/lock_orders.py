"""Deadlocks between traces: 1k to 100k classes of lock orders, all that a run of locks has, as it is stored.

Once all take the locks of a module in one order, once every eighth module has one that does not. How many
traces stand behind the classes costs nothing. Then the locksets of one task that takes a new lock at each
event and never gives one back.
"""

from __future__ import annotations

import sys
import time
from random import Random

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from bench.task_event import task_event
from raceway_common.collector import settle_gc
from raceway_core.causal_graph import build_graph
from raceway_core.deadlock_across import find_deadlocks_across
from raceway_core.event import AccessType, EventId, LockAcquire, LockMode, TraceId
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Lock
from raceway_core.locking.dependency import Dependency, pack_dependency, pack_request, pack_way
from raceway_core.locking.way import Move
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.result import OrderClass

LOCKS = 16
SIZES = (1_000, 10_000, 100_000)
_MODULE = 64
_SCOPE = "service:bench"


def main() -> None:
    """Print a table per program, a row per size, and the ratio of each to the size before."""
    for program, unit in (("one order", "classes"), ("inverted", "classes"), ("never released", "locks")):
        print(f"  {program}")
        print(f"  {unit:>9} {'search':>12} {'10 × costs':>11} {'peak memory':>12} {'deadlocks':>10}")
        before = None
        for size in SIZES:
            seconds, peak, found = measured_alone("bench.lock_orders", program.replace(" ", "-"), size)
            times = f"{seconds * 1000:>9.2f} ms {growth(seconds, before):>11}"
            print(f"  {size:>9,} {times} {peak:>9.0f} MB {int(found):>10,}")
            before = seconds


def _measured(program: str, size: int) -> tuple[float, float, int]:
    """Return the seconds, the peak memory in MB, and the deadlocks found."""
    if program == "never-released":
        return _locksets(size), peak_mb(), 0
    seconds, found = _search_across(size, inverted=8 if program == "inverted" else 0)
    return seconds, peak_mb(), found


def _locksets(size: int) -> float:
    acquires = (LockAcquire(lock_id=f"lock-{number}", location="worker.py:1") for number in range(size))
    graph = build_graph([task_event(number, "root", acquire) for number, acquire in enumerate(acquires)])
    began = time.perf_counter()
    locks_of(graph, DEFAULTS)
    return time.perf_counter() - began


def _search_across(size: int, *, inverted: int) -> tuple[float, int]:
    """Return the seconds of the fastest of three searches, and the deadlocks found."""
    classes = _classes(size, inverted)
    settle_gc()
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


if __name__ == "__main__":
    print(*_measured(sys.argv[1], int(sys.argv[2])))
