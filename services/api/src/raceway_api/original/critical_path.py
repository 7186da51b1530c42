"""The critical path in the original's shape: the longest root's, as steps with a duration."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_core.event import EventId, TraceId
from raceway_core.result import CriticalPath, Segment
from raceway_core.time import format_time

_NS_PER_MS = 1_000_000


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """One step. `label` says whether it worked or what it waited for."""

    id: EventId
    kind: str
    location: str
    timestamp: str
    duration_ms: float
    label: str


class PathView(msgspec.Struct, frozen=True, kw_only=True):
    """The path; empty while the trace is not analyzed. Its duration is the sum of its steps'."""

    trace_id: TraceId
    path_events: int
    total_duration_ms: float
    trace_total_duration_ms: float
    percentage_of_total: float
    path: list[StepView]


def view_path(trace_id: TraceId, paths: Sequence[CriticalPath], trace_duration_ns: int) -> PathView:
    """Return the longest of a trace's critical paths."""
    longest = max(paths, key=lambda path: (path.end_ns - path.start_ns, -path.start_ns), default=None)
    path_ns = longest.end_ns - longest.start_ns if longest else 0
    whole_ns = max(trace_duration_ns, path_ns)
    steps = [_view(segment) for segment in longest.segments] if longest else []
    return PathView(
        trace_id=trace_id,
        path_events=len(steps),
        total_duration_ms=path_ns / _NS_PER_MS,
        trace_total_duration_ms=whole_ns / _NS_PER_MS,
        percentage_of_total=100.0 * path_ns / whole_ns if whole_ns else 0.0,
        path=steps,
    )


def _view(segment: Segment) -> StepView:
    return StepView(
        id=segment.event_id,
        kind=f"{segment.kind}({segment.operation})",
        location=segment.location,
        timestamp=format_time(segment.start_ns),
        duration_ms=(segment.end_ns - segment.start_ns) / _NS_PER_MS,
        label=segment.label,
    )
