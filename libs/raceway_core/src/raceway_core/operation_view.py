"""Operations and slack as JSON: nanoseconds as decimal strings."""

from __future__ import annotations

import msgspec

from raceway_core.event import EventId, TraceId
from raceway_core.operation_share import OperationShare, Slack
from raceway_core.options import Change
from raceway_core.what_if import Saving


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation cost over all traces; `share` and `presence` are from 0 to 1."""

    service: str
    operation: str
    critical_ns: str
    share: float
    traces: int
    presence: float
    drag_ns: str


class SlackView(msgspec.Struct, frozen=True, kw_only=True):
    """An event that could end later by `slack_ns` and delay no end."""

    trace_id: TraceId
    event_id: EventId
    service: str
    operation: str
    slack_ns: str


class WhatIfView(msgspec.Struct, frozen=True, kw_only=True):
    """How long all critical paths took together, and would have after a change."""

    operation: str
    factor: float
    before_ns: str
    after_ns: str


def view_operation(share: OperationShare) -> OperationView:
    """Return `share` for a reader."""
    return OperationView(
        service=share.operation.service,
        operation=share.operation.operation,
        critical_ns=str(share.critical_ns),
        share=share.share,
        traces=share.traces,
        presence=share.presence,
        drag_ns=str(share.drag_ns),
    )


def view_slack(trace_id: TraceId, slack: Slack) -> SlackView:
    """Return `slack` for a reader."""
    return SlackView(
        trace_id=trace_id,
        event_id=slack.event_id,
        service=slack.operation.service,
        operation=slack.operation.operation,
        slack_ns=str(slack.slack_ns),
    )


def view_what_if(change: Change, savings: list[Saving]) -> WhatIfView:
    """Return the answer of all traces together."""
    return WhatIfView(
        operation=change.operation,
        factor=change.factor,
        before_ns=str(sum(saving.before_ns for saving in savings)),
        after_ns=str(sum(saving.after_ns for saving in savings)),
    )
