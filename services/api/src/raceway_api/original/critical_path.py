"""The critical path in the original's shape: the longest root's, as steps with a duration."""

from __future__ import annotations

import msgspec

from raceway_api.stored import StoredResult
from raceway_core.event import Event, EventId, TraceId
from raceway_core.path.operation import location_of, operation_of
from raceway_core.result import CriticalPath, Segment
from raceway_core.time import format_time

_NS_PER_MS = 1_000_000


class StepView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
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


def view_path(stored: StoredResult) -> PathView:
    """Return the longest of a trace's critical paths."""
    paths = stored.critical_paths
    longest = max(paths, key=lambda path: (path.end_ns - path.start_ns, -path.start_ns), default=None)
    path_ns = longest.end_ns - longest.start_ns if longest else 0
    whole_ns = max(stored.duration_ns, path_ns)
    steps = _steps(longest, stored) if longest else []
    return PathView(
        trace_id=stored.trace_id,
        path_events=len(steps),
        total_duration_ms=path_ns / _NS_PER_MS,
        trace_total_duration_ms=whole_ns / _NS_PER_MS,
        percentage_of_total=100.0 * path_ns / whole_ns if whole_ns else 0.0,
        path=steps,
    )


def _steps(path: CriticalPath, stored: StoredResult) -> list[StepView]:
    """Return the segments; a root that took no time has none, and is the one step itself."""
    if path.segments:
        return [_view_segment(segment) for segment in path.segments]
    return [_view_instant(event) for event in stored.ordered.events if event.id == path.root_id]


def _view_segment(segment: Segment) -> StepView:
    return StepView(
        id=segment.event_id,
        kind=f"{segment.kind}({segment.operation})",
        location=segment.location,
        timestamp=format_time(segment.start_ns),
        duration_ms=(segment.end_ns - segment.start_ns) / _NS_PER_MS,
        label=segment.label,
    )


def _view_instant(event: Event) -> StepView:
    payload = event.payload
    return StepView(
        id=event.id,
        kind=f"{type(payload).__name__}({operation_of(payload)})",
        location=location_of(payload),
        timestamp=format_time(event.time_ns),
        duration_ms=0.0,
        label="work",
    )
