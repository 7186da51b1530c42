"""Operations over all traces: which of them the critical paths were spent on, and what they cost.

critical   the time that an operation was on critical paths
share      of the time of all critical paths
presence   of all traces, those with the operation on a critical path
drag       what all traces would have saved together, had the operation taken no time
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import EventId
from raceway_core.options import Change
from raceway_core.result import CriticalPath
from raceway_core.what_if import Name, Saving, WhatIf, critical_ns_of, name_of

MOST_SLACKS = 20


class Slack(NamedTuple):
    """By how much an event that is not on a critical path could be late and delay no end."""

    event_id: EventId
    operation: Name
    slack_ns: int


class TraceOperations(msgspec.Struct, frozen=True):
    """What the operations of one trace cost.

    `slacks` are the events nearest to a critical path. `saving` is of the change that was asked for.
    """

    critical_ns: Mapping[Name, int]
    drags_ns: Mapping[Name, int]
    slacks: tuple[Slack, ...]
    saving: Saving | None


class OperationShare(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation cost over all traces."""

    operation: Name
    critical_ns: int
    share: float
    traces: int
    presence: float
    drag_ns: int


def operations_of(
    graph: CausalGraph, paths: Iterable[CriticalPath], change: Change | None = None
) -> TraceOperations:
    """Return what the operations of a trace cost.

    Time: O(n log n), and O(n) for each of a few operations; O(segments) where all is one chain.
    """
    critical_ns = critical_ns_of(graph, paths)
    if len(graph.chains) == 1 and change is None:
        return TraceOperations(critical_ns, critical_ns, (), None)
    what_if = WhatIf(graph)
    saving = what_if.scaled(what_if.named(change.operation), change.factor) if change else None
    return TraceOperations(critical_ns, what_if.drags_ns(critical_ns), _slacks(graph, what_if), saving)


def shares_of(traces: Iterable[TraceOperations]) -> list[OperationShare]:
    """Return the operations of all traces, that with the most drag first. Time: O(operations log)."""
    critical_ns: Counter[Name] = Counter()
    drags_ns: Counter[Name] = Counter()
    present: Counter[Name] = Counter()
    count = 0
    for trace in traces:
        count += 1
        critical_ns.update(trace.critical_ns)
        drags_ns.update(trace.drags_ns)
        present.update(trace.critical_ns.keys())
    total = critical_ns.total()
    shares = [
        OperationShare(
            operation=name,
            critical_ns=critical_ns[name],
            share=critical_ns[name] / total if total else 0.0,
            traces=present[name],
            presence=present[name] / count,
            drag_ns=drags_ns[name],
        )
        for name in critical_ns
    ]
    return sorted(shares, key=lambda share: (-share.drag_ns, -share.critical_ns, share.operation))


def _slacks(graph: CausalGraph, what_if: WhatIf) -> tuple[Slack, ...]:
    """Return the least slacks that are not 0."""
    known = sorted((slack, event_id) for event_id, slack in what_if.slacks_ns().items() if slack)
    return tuple(
        Slack(event_id, name_of(graph, graph.number_of[event_id]), slack)
        for slack, event_id in known[:MOST_SLACKS]
    )
