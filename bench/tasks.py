"""One trace of 1k, 10k and 100k tasks that write one variable: in a row, all at once, in groups.

row      each is awaited before the next one starts: two lanes
once     all are started, then all of them run: as many lanes as tasks
joined   the same, and all are awaited at the end: the last clocks know of all tasks
groups   300 at a time are started and awaited
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from bench.task_event import task_event
from raceway_common.collector import settle_gc
from raceway_core.analysis import analyze_trace
from raceway_core.event import AccessType, AsyncAwait, AsyncSpawn, Payload, StateChange, TraceId

SIZES = (1_000, 10_000, 100_000)
GROUP = 300

_Step = tuple[str, Payload]


def main() -> None:
    """Print a row per way and size, and the ratio of each to the size before."""
    print(f"  {'tasks':<7} {'number':>8} {'analysis':>10} {'10 × costs':>11} {'peak memory':>12} ", end="")
    print(f"{'racing pairs':>14} {'too wide':>9}")
    for way in _WAYS:
        before = None
        for size in SIZES:
            seconds, peak, pairs, too_wide = measured_alone("bench.tasks", way, size)
            cut = "yes" if too_wide else "no"
            print(
                f"  {way:<7} {size:>8,} {seconds:>8.3f} s {growth(seconds, before):>11} {peak:>9.0f} MB ",
                end="",
            )
            print(f"{int(pairs):>14,} {cut:>9}")
            before = seconds


def _analyze(way: str, size: int) -> tuple[float, float, int, int]:
    """Return seconds, the peak memory in MB, racing pairs and whether the clocks were cut."""
    events = [task_event(number, *step) for number, step in enumerate(_WAYS[way](size))]
    settle_gc()
    began = time.perf_counter()
    result = analyze_trace(TraceId("bench"), events)
    seconds = time.perf_counter() - began
    return seconds, peak_mb(), result.race_pairs, result.summary.notes.get("too_wide", 0)


def _row(size: int) -> Iterator[_Step]:
    return _in_groups(size, 1)


def _groups(size: int) -> Iterator[_Step]:
    return _in_groups(size, GROUP)


def _joined(size: int) -> Iterator[_Step]:
    return _in_groups(size, size)


def _once(size: int) -> Iterator[_Step]:
    yield from (*_started(range(size)), *_written(range(size)))


def _in_groups(size: int, group: int) -> Iterator[_Step]:
    for begin in range(0, size, group):
        numbers = range(begin, min(begin + group, size))
        yield from (*_started(numbers), *_written(numbers), *_awaited(numbers))


def _started(numbers: range) -> list[_Step]:
    return [("root", AsyncSpawn(task_id=f"task-{number}")) for number in numbers]


def _written(numbers: range) -> list[_Step]:
    write = StateChange(variable="total", access_type=AccessType.WRITE, location="worker.py:7 work")
    return [(f"task-{number}", write) for number in numbers]


def _awaited(numbers: range) -> list[_Step]:
    return [("root", AsyncAwait(future_id=f"task-{number}")) for number in numbers]


_WAYS: dict[str, Callable[[int], Iterator[_Step]]] = {
    "row": _row,
    "once": _once,
    "joined": _joined,
    "groups": _groups,
}


if __name__ == "__main__":
    print(*_analyze(sys.argv[1], int(sys.argv[2])))
