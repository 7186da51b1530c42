"""The critical path of one trace of spans: children back to back, and a deep nest, of growing size.

Also what follows from the same trace by a schedule: slack, drag and a what-if. The path is the best of
three. Each size runs in a process of its own.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from raceway_common.collector import settle_gc
from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.critical_path import critical_paths_of
from raceway_core.event import Event, EventId, FunctionCall, Metadata, TraceId, kind_of
from raceway_core.operation_share import operations_of
from raceway_core.options import Change
from raceway_core.path.span_tree import span_tree
from raceway_core.result import CriticalPath

SIZES = {"row": (1_000, 10_000, 100_000, 1_000_000), "nest": (500, 5_000, 50_000)}
_NAMES = 50
_TIMES = 3
_NS = 1_000


def main() -> None:
    """Print a row per shape and size, and the ratio of each to the size before."""
    print(f"  {'shape':<5} {'spans':>9} {'path':>9} {'10 × costs':>11}", end="")
    print(f" {'slack, drag':>13} {'10 × costs':>11} {'peak memory':>12}")
    for shape, sizes in SIZES.items():
        before: tuple[float | None, float | None] = (None, None)
        for size in sizes:
            path, rest, peak = measured_alone("bench.critical_path", shape, size)
            print(f"  {shape:<5} {size:>9,} {path:>7.3f} s {growth(path, before[0]):>11}", end="")
            print(f" {rest:>11.3f} s {growth(rest, before[1]):>11} {peak:>9.0f} MB")
            before = path, rest


def _run(shape: str, size: int) -> tuple[float, float, float]:
    """Return the seconds of the path and of what follows from it, and the peak memory in MB."""
    graph = build_graph(_SHAPES[shape](size))
    settle_gc()
    path_seconds, paths = min((_timed(graph) for _ in range(_TIMES)), key=lambda timed: timed[0])
    (path,) = paths
    _check_partition(path)
    began = time.perf_counter()
    operations_of(graph, paths, Change("call 1", 0.5))
    return path_seconds, time.perf_counter() - began, peak_mb()


def _timed(graph: CausalGraph) -> tuple[float, tuple[CriticalPath, ...]]:
    began = time.perf_counter()
    paths = critical_paths_of(graph, span_tree(graph))
    return time.perf_counter() - began, paths


def _check_partition(path: CriticalPath) -> None:
    ends = [path.start_ns, *(segment.end_ns for segment in path.segments)]
    if [segment.start_ns for segment in path.segments] != ends[:-1] or ends[-1] != path.end_ns:
        raise SystemExit("the segments do not partition the path's interval")


def _row(size: int) -> list[Event]:
    """Return a root and children that follow one another without a gap."""
    children = [_span(number + 1, 0, number, number + 1) for number in range(size)]
    return [_span(0, None, 0, size), *children]


def _nest(size: int) -> list[Event]:
    """Return a root and, inside one another, as many spans."""
    inner = [_span(number, number - 1, number, 2 * size + 1 - number) for number in range(1, size + 1)]
    return [_span(0, None, 0, 2 * size + 1), *inner]


def _span(number: int, parent: int | None, begin: int, end: int) -> Event:
    return Event(
        id=EventId(f"span-{number}"),
        trace_id=TraceId("bench"),
        parent_id=None if parent is None else EventId(f"span-{parent}"),
        timestamp=end * _NS,
        kind=kind_of(FunctionCall(function_name=f"call {number % _NAMES}")),
        metadata=Metadata(
            process_id=1,
            service_name="worker",
            instance_id="one",
            start_ns=begin * _NS,
            duration_ns=(end - begin) * _NS,
        ),
    )


_SHAPES: dict[str, Callable[[int], list[Event]]] = {"row": _row, "nest": _nest}


if __name__ == "__main__":
    print(*_run(sys.argv[1], int(sys.argv[2])))
