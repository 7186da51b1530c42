"""What one trace declares of one resource, to be checked together with what others declare of it.

Transactions of different traces meet in the resource that they name, usually a database. A part holds
those of one resource; what the same trace's other transactions wrote counts as written outside, so that
a name that two resources share is not taken for one value.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from raceway_core.isolation.declared import DeclaredTrace, check_declared
from raceway_core.isolation.history import Isolation


class DeclaredPart(msgspec.Struct, frozen=True):
    """`declared` has the sessions of `resource`, empty where transactions name none."""

    resource: str
    declared: DeclaredTrace

    @property
    def transactions(self) -> int:
        """How many there are."""
        return sum(map(len, self.declared.sessions))


def parts_of(trace: DeclaredTrace) -> tuple[DeclaredPart, ...]:
    """Return what a trace declares, by resource. Time: O(its size) for each resource."""
    resources = {one.resource for session in trace.sessions for one in session}
    if len(resources) == 1:
        return (DeclaredPart(resources.pop(), trace),)
    return tuple(DeclaredPart(resource, _only(resource, trace)) for resource in sorted(resources))


def _only(resource: str, trace: DeclaredTrace) -> DeclaredTrace:
    sessions = (tuple(one for one in session if one.resource == resource) for session in trace.sessions)
    foreign = (
        step
        for session in trace.sessions
        for one in session
        if one.resource != resource
        for step in one.steps
        if step.access_type.writes
    )
    return DeclaredTrace(tuple(filter(None, sessions)), (*trace.outside, *foreign))


def check_parts(parts: Iterable[DeclaredPart]) -> Isolation:
    """Return what the transactions of one resource prove together; their order does not matter."""
    traces = sorted((part.declared for part in parts), key=lambda trace: trace.sessions[0][0].trace_id)
    return check_declared(traces)
