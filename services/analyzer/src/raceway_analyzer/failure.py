"""What is stored of a trace whose analysis failed, so that it is seen and not tried for ever."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from raceway_core.event import Event, TraceId
from raceway_core.event_set import distinct
from raceway_core.result import ServiceCount, TraceResult, TraceSummary

ANALYSIS_FAILED = "analysis_failed"
"""The note that such a trace carries. New events make it due again, like any other."""


def failed_result(trace_id: TraceId, events: Sequence[Event]) -> TraceResult:
    """Return a result that says only what can be counted. Time: O(n log n)."""
    unique, times_ns, _ = distinct(events)
    services = Counter(event.metadata.service_name for event in unique)
    summary = TraceSummary(
        trace_id=trace_id,
        event_count=len(unique),
        first_ns=min(times_ns, default=0),
        last_ns=max(times_ns, default=0),
        services=tuple(ServiceCount(name, count) for name, count in sorted(services.items())),
        calls=(),
        is_complete=False,
        missing_parents=0,
        notes={ANALYSIS_FAILED: 1},
        clock_issues={},
    )
    return TraceResult(summary=summary)
