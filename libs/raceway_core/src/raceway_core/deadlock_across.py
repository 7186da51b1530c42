"""Deadlocks between traces, from the lock orders that traces leave (`raceway_core.locking.across`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from raceway_core.event import TraceId
from raceway_core.finding import Finding
from raceway_core.locking.across import SETTLED, find_circles
from raceway_core.locking.across_finding import across_deadlocks, across_findings
from raceway_core.result import MOST_REQUESTS, Deadlock, LockOrder, OrderClass

__all__ = ["SETTLED", "DeadlocksAcross", "classes_by_scope", "find_deadlocks_across"]


class DeadlocksAcross(NamedTuple):
    """The deadlocks of one scope, as findings and one by one. The rest is told by `Circles`."""

    findings: Sequence[Finding]
    deadlocks: Sequence[Deadlock]
    is_cut: bool
    is_settled: bool


def find_deadlocks_across(scope: str, classes: Iterable[OrderClass]) -> DeadlocksAcross:
    """Return what requests of different traces can get into over locks of `scope`.

    `classes` are all that touch a lock of the scope, in any order. Time: as `find_circles`.
    """
    found, is_cut, is_settled = find_circles(scope, classes)
    return DeadlocksAcross(across_findings(scope, found), across_deadlocks(found), is_cut, is_settled)


def classes_by_scope(orders: Iterable[tuple[TraceId, LockOrder]]) -> Mapping[str, Sequence[OrderClass]]:
    """Return the classes of all traces' lock orders, by the scopes of their locks, sorted.

    Time: O(n log n).
    """
    by_scope: dict[str, dict[bytes, list[tuple[TraceId, LockOrder]]]] = {}
    for trace_id, order in orders:
        for scope in order.scopes:
            by_scope.setdefault(scope, {}).setdefault(order.body, []).append((trace_id, order))
    return {
        scope: [_class_of(body, by_body[body]) for body in sorted(by_body)]
        for scope, by_body in sorted(by_scope.items())
    }


def _class_of(body: bytes, members: Sequence[tuple[TraceId, LockOrder]]) -> OrderClass:
    smallest = nsmallest(MOST_REQUESTS, members, key=lambda member: (member[1].first_ns, member[0]))
    return OrderClass(
        body=body,
        first_ns=min(order.first_ns for _, order in members),
        last_ns=max(order.last_ns for _, order in members),
        examples=tuple(order.example for _, order in smallest),
    )
