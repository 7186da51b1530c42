"""Evidence: an access, or another moment of a trace, as a reader needs to see it."""

from __future__ import annotations

from raceway_core.access import Access
from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import Event, HeldLock, Scope, StateChange
from raceway_core.event_words import words_of
from raceway_core.finding import AccessEvidence
from raceway_core.lockset import Lockset
from raceway_core.moment import Moment, Phase
from raceway_core.path.operation import location_of


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
        task=task_of(graph.events[access.number]),
    )


def moment_of(graph: CausalGraph, node: int) -> Moment:
    """Return a node of `graph` for a reader."""
    number = graph.event_of[node]
    event, payload = graph.events[number], graph.payloads[number]
    return Moment(
        event_id=event.id,
        phase=phase_of(graph, node),
        kind=type(payload).__name__,
        what=words_of(payload),
        service=event.metadata.service_name,
        thread_id=event.metadata.thread_id,
        task_id=event.metadata.task_id,
        location=location_of(payload),
        time_ns=graph.time_ns(node),
    )


def phase_of(graph: CausalGraph, node: int) -> Phase:
    """Return what of its event a node is."""
    number = graph.event_of[node]
    if graph.starts[number] == graph.ends[number]:
        return Phase.POINT
    return Phase.START if node == graph.starts[number] else Phase.END


def change_of(graph: CausalGraph, access: Access) -> StateChange:
    """Return what was sent of an access of `graph`."""
    payload = graph.payloads[access.number]
    if type(payload) is not StateChange:
        raise TypeError(f"event {access.event_id} is no access")
    return payload


def thread_of(event: Event) -> str:
    """Return the name of what ran an event: its thread, else its task."""
    return event.metadata.thread_id or event.metadata.task_id or ""


def task_of(event: Event) -> str:
    """Return the task of an event as sent, nothing where none was."""
    return event.metadata.task_id or ""


def held(lockset: Lockset) -> tuple[HeldLock, ...]:
    """Return a lockset for a reader."""
    return tuple(HeldLock(name, mode, Scope(key.partition(":")[0])) for name, key, mode in lockset)
