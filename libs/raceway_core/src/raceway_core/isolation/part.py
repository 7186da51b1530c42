"""What one trace declares of one resource, to be checked together with what others declare of it.

Transactions of different traces meet in the resource that they name, usually a database. A part holds
those of one resource; what the same trace's other transactions wrote counts as written outside, so that
a name that two resources share is not taken for one value.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import msgspec

from raceway_core.event import AccessType, EventId
from raceway_core.isolation.history import Status
from raceway_core.value import ValueKey

VariableKey: TypeAlias = tuple[str, str]
"""Name and scope key."""


class Step(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An access, as far as isolation asks. Accesses of one `owner` have values that can be compared."""

    event_id: EventId
    start_ns: int
    end_ns: int
    name: str
    scope_key: str
    access_type: AccessType
    read: ValueKey
    written: ValueKey
    version: int | None
    owner: str | None

    @property
    def variable(self) -> VariableKey:
        """The variable."""
        return (self.name, self.scope_key)


class Declared(NamedTuple):
    """A declared transaction; `steps` of one variable stand in program order."""

    id: str
    trace_id: str
    resource: str
    status: Status
    steps: tuple[Step, ...]


class DeclaredTrace(NamedTuple):
    """What one trace declares, by chain; `outside` are the writes outside of any such transaction."""

    sessions: tuple[tuple[Declared, ...], ...]
    outside: tuple[Step, ...]


NOTHING = DeclaredTrace((), ())


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
    if not trace.sessions:
        return ()
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
