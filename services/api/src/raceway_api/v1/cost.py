"""What operations cost a trace, and what its hosts' clocks are worth, for `/api/v1`."""

from __future__ import annotations

import msgspec

from raceway_api.graphs import VersionedGraph
from raceway_core.clock_offset_view import OffsetView, StepView, view_offset, view_step
from raceway_core.event import EventId, TraceId
from raceway_core.operation_share import shares_of
from raceway_core.operation_view import (
    OperationView,
    SlackView,
    WhatIfView,
    view_operation,
    view_slack,
    view_what_if,
)
from raceway_core.options import Change


class TraceCosts(msgspec.Struct, frozen=True, kw_only=True):
    """What the operations of a trace cost, most drag first, and the events nearest to a critical path.

    `what_if` is null where no change was asked for.
    """

    trace_id: TraceId
    version: int
    operations: list[OperationView]
    slacks: list[SlackView]
    what_if: WhatIfView | None


class ClockIssueView(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with the clock of an event."""

    kind: str
    event_id: EventId
    message: str


class TraceClocks(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with vector clocks, and by how much wall clocks differ.

    Offsets are what the trace's own messages tell of its hosts; `steps` are clocks that were set.
    """

    trace_id: TraceId
    version: int
    total_issues: int
    issues: list[ClockIssueView]
    offsets: list[OffsetView]
    steps: list[StepView]


MOST_ISSUES = 1_000
"""So many issues are listed; all are counted."""


def view_costs(graph: VersionedGraph, change: Change | None) -> TraceCosts:
    """Return what the operations of a trace cost, and what `change` would save."""
    costs = graph.causality.costs(change)
    savings = [] if costs.saving is None else [costs.saving]
    return TraceCosts(
        trace_id=graph.trace_id,
        version=graph.version,
        operations=[view_operation(share) for share in shares_of([costs])],
        slacks=[view_slack(graph.trace_id, slack) for slack in costs.slacks],
        what_if=None if change is None else view_what_if(change, savings),
    )


def view_clocks(graph: VersionedGraph) -> TraceClocks:
    """Return what the clocks of a trace are worth."""
    issues = graph.causality.clock_issues
    offsets, steps = graph.causality.offsets()
    return TraceClocks(
        trace_id=graph.trace_id,
        version=graph.version,
        total_issues=len(issues),
        issues=[
            ClockIssueView(kind=issue.kind, event_id=issue.event_id, message=issue.message)
            for issue in issues[:MOST_ISSUES]
        ],
        offsets=[view_offset(offset) for offset in offsets],
        steps=[view_step(step) for step in steps],
    )
