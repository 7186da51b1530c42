"""Evidence: one access of a trace as a reader needs to see it, with its clock and its locks."""

from __future__ import annotations

from raceway_core.access import Access
from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import Event, HeldLock, Scope, StateChange
from raceway_core.finding import AccessEvidence
from raceway_core.lockset import Lockset


def evidence_of(graph: CausalGraph, clocks: Clocks, access: Access) -> AccessEvidence:
    """Return what a finding shows of an access of `graph`."""
    change = change_of(graph, access)
    return AccessEvidence(
        event_id=access.event_id,
        trace_id=access.trace_id,
        time_ns=access.end_ns,
        variable=access.variable.name,
        access_type=access.access_type,
        service=access.process.service,
        instance=access.process.instance or None,
        process_id=access.process.process_id,
        thread_id=thread_of(graph.events[access.number]),
        location=change.location,
        old_value=change.old_value,
        new_value=change.new_value,
        version=access.version,
        lockset=held(access.lockset),
        clock=clocks.shown(access.number),
    )


def change_of(graph: CausalGraph, access: Access) -> StateChange:
    """Return what was sent of an access of `graph`."""
    payload = graph.payloads[access.number]
    if type(payload) is not StateChange:
        raise TypeError(f"event {access.event_id} is no access")
    return payload


def thread_of(event: Event) -> str:
    """Return the name of what ran an event: its thread, else its task."""
    return event.metadata.thread_id or event.metadata.task_id or ""


def held(lockset: Lockset) -> tuple[HeldLock, ...]:
    """Return a lockset for a reader."""
    return tuple(HeldLock(name, mode, Scope(key.partition(":")[0])) for name, key, mode in lockset)
