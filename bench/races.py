"""Races across traces: recounting one hot variable that 100 to 10,000 concurrent traces touched.

Every trace reads the variable and writes it, all of them within seconds; once each holds a lock of its
process around the two, once sixteen at a time read one value and all but one of their updates are lost.
A run is recounted whenever a trace is added to it, so what counts is what it costs per trace. The
definition, two by two over all accesses, is timed where it still finishes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import combinations

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from raceway_common.collector import settle_gc
from raceway_core.access import is_conflict
from raceway_core.across.accesses import unordered
from raceway_core.across.window import Opened
from raceway_core.analysis import analyze_trace
from raceway_core.event import (
    AccessType,
    Event,
    EventId,
    HttpRequest,
    LockAcquire,
    LockRelease,
    Metadata,
    Payload,
    StateChange,
    TraceId,
    kind_of,
)
from raceway_core.result import Window
from raceway_core.run import find_across_traces
from raceway_core.span import SPAN_NS

SIZES = (100, 1_000, 10_000)
DEFINED_UP_TO = 1_000
_THREADS = 16
_START_NS = 10 * SPAN_NS
_STEP_NS, _STEPS = 1_000, 5

Windows = Sequence[tuple[TraceId, Window]]


def main() -> None:
    """Print a row per program and size, and the ratio of each to the size before."""
    print(f"  {'program':<9} {'traces':>7} {'recount':>11} {'10 × costs':>11} {'per trace':>10}", end="")
    print(f" {'peak memory':>12} {'definition':>11} {'findings':>9} {'pairs':>13}")
    for program in ("unlocked", "locked"):
        before = None
        for size in SIZES:
            seconds, peak, slow, findings, pairs = measured_alone("bench.races", program, size)
            each_us = seconds / size * 1_000_000
            print(
                f"  {program:<9} {size:>7,} {seconds * 1000:>8.1f} ms {growth(seconds, before):>11}", end=""
            )
            print(f" {each_us:>7.1f} µs {peak:>9.0f} MB", end="")
            print(f" {f'{slow:.3f} s' if slow else '-':>11} {int(findings):>9,} {int(pairs):>13,}")
            before = seconds


def _recount(program: str, size: int) -> tuple[float, float, float, int, int]:
    """Return seconds of a recount, peak memory in MB, seconds of the definition, findings and pairs."""
    windows = [_window(number, is_locked=program == "locked") for number in range(size)]
    find_across_traces(_START_NS // SPAN_NS, windows[:_THREADS])  # what is loaded at first use
    settle_gc()
    began = time.perf_counter()
    findings = find_across_traces(_START_NS // SPAN_NS, windows)
    seconds = time.perf_counter() - began
    peak, pairs = peak_mb(), sum(finding.pairs for finding in findings)
    return seconds, peak, _defined(windows) if size <= DEFINED_UP_TO else 0, len(findings), pairs


def _defined(windows: Windows) -> float:
    """Return the seconds of comparing each two accesses of different traces, verdicts left out."""
    began = time.perf_counter()
    opened = [Opened(trace_id, window).accesses for trace_id, window in windows]
    for mine, theirs in combinations(opened, 2):
        for first in mine:
            for second in theirs:
                unordered(first, second) and is_conflict(first.access_type, second.access_type)
    return time.perf_counter() - began


def _window(number: int, *, is_locked: bool) -> tuple[TraceId, Window]:
    trace_id = TraceId(f"trace-{number:05}")
    result = analyze_trace(trace_id, list(_events(trace_id, number, is_locked=is_locked)))
    (window,) = result.windows
    return trace_id, window


def _events(trace_id: TraceId, number: int, *, is_locked: bool) -> Iterator[Event]:
    for place, payload in enumerate(_steps(number, is_locked=is_locked)):
        yield Event(
            id=EventId(f"{trace_id}-{place}"),
            trace_id=trace_id,
            parent_id=EventId(f"{trace_id}-{place - 1}") if place else None,
            timestamp=_START_NS + _time(number, place, is_locked=is_locked) * _STEP_NS,
            kind=kind_of(payload),
            metadata=Metadata(
                process_id=1, service_name="shop", instance_id="one", thread_id=f"worker-{number % _THREADS}"
            ),
        )


def _time(number: int, place: int, *, is_locked: bool) -> int:
    """Return when a step is: with the lock one trace after another, else a step of each thread in turn."""
    if is_locked:
        return number * _STEPS + place
    crowd, thread = divmod(number, _THREADS)
    return (crowd * _STEPS + place) * _THREADS + thread


def _steps(number: int, *, is_locked: bool) -> Iterator[Payload]:
    seen = number if is_locked else number // _THREADS
    yield HttpRequest(method="POST", url="/add")
    if is_locked:
        yield LockAcquire(lock_id="total_lock", location="shop.py:10 add")
    for kind, value, line in ((AccessType.READ, seen, 11), (AccessType.WRITE, seen + 1, 12)):
        yield StateChange(variable="total", access_type=kind, location=f"shop.py:{line} add", new_value=value)
    if is_locked:
        yield LockRelease(lock_id="total_lock", location="shop.py:13 add")


if __name__ == "__main__":
    print(*_recount(sys.argv[1], int(sys.argv[2])))
