"""Findings of deadlocks: wait cycles that are one fault in the program become one finding.

It names the locks where a race names its variable, and shows each task's request for a lock as what
it is, an atomic update of that lock, with the locks held then. Its examples show the first two tasks
of a cycle, and the others as witnesses. What makes two cycles one fault is told by
`raceway_core.locking.fault`.

What was seen to happen is observed, because later events could still tell otherwise; what was
predicted is possible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import AccessType, LockAcquire, LockPayload
from raceway_core.evidence import held, task_of, thread_of
from raceway_core.finding import (
    MOST_EXAMPLES,
    AccessEvidence,
    Example,
    Finding,
    FindingKind,
    PairCounts,
    Severity,
    Verdict,
    best_examples,
    merge_findings,
)
from raceway_core.locking.fault import MOST_SHOWN, fault_of, names_of
from raceway_core.locking.sentence import Party, fix_of, missing_edge_of, summary_of
from raceway_core.locking.span import key_of
from raceway_core.locking.wait_cycle import Wait, WaitCycle
from raceway_core.lockset import Lockset
from raceway_core.moment import Moment
from raceway_core.reason.ancestor import Ancestors
from raceway_core.result import Deadlock, DeadlockStatus
from raceway_core.runner import Runner, told_apart


def deadlocks_of(graph: CausalGraph, cycles: Iterable[WaitCycle]) -> tuple[Deadlock, ...]:
    """Return the deadlocks of a trace as they are reported."""
    return tuple(_deadlock_of(graph, cycle) for cycle in cycles)


def distinct_deadlocks(deadlocks: Iterable[Deadlock]) -> list[Deadlock]:
    """Return one deadlock per set of threads and locks, an actual one before a predicted one."""
    first: dict[tuple[frozenset[str], frozenset[str]], Deadlock] = {}
    for deadlock in sorted(deadlocks, key=lambda deadlock: deadlock.status is DeadlockStatus.PREDICTED):
        first.setdefault((frozenset(deadlock.threads), frozenset(deadlock.locks)), deadlock)
    return list(first.values())


def find_deadlock_faults(graph: CausalGraph, clocks: Clocks, cycles: Sequence[WaitCycle]) -> list[Finding]:
    """Return one finding per fault, in the order that a reader should see them. Time: O(cycles)."""
    if not cycles:
        return []
    by_fault: dict[str, list[WaitCycle]] = {}
    for cycle in cycles:
        by_fault.setdefault(_fingerprint_of(graph, cycle), []).append(cycle)
    scene = _Scene(graph, clocks)
    return merge_findings(scene.finding(name, fault) for name, fault in by_fault.items())


class _Scene:
    """What is known around the cycles that are shown."""

    def __init__(self, graph: CausalGraph, clocks: Clocks) -> None:
        self._graph = graph
        self._clocks = clocks
        self._ancestors = Ancestors(graph, clocks)

    def finding(self, fingerprint: str, cycles: Sequence[WaitCycle]) -> Finding:
        """Return the finding of cycles that are one fault, at least one, the actual ones first."""
        graph = self._graph
        actual = sum(cycle.is_actual for cycle in cycles)
        counts = PairCounts(observed=actual, possible=len(cycles) - actual)
        examples = best_examples(self._example(cycle) for cycle in cycles[:MOST_EXAMPLES])
        lead, waits = cycles[0], [wait for cycle in cycles for wait in cycle.waits]
        times = [graph.finishes_ns[wait.event] for wait in waits]
        return Finding(
            fingerprint=fingerprint,
            kind=FindingKind.DEADLOCK,
            verdict=counts.strongest,
            severity=Severity.CRITICAL,
            variable=names_of(wait.lock.name for wait in lead.waits),
            scope=lead.waits[0].lock.scope_key,
            services=tuple(sorted({graph.chains[wait.chain].process.service for wait in waits})),
            summary=summary_of(self._parties(lead), more=_more(lead), is_actual=lead.is_actual),
            missing_edge=examples[0].missing_edge,
            fix=examples[0].fix,
            pairs=counts.of(counts.strongest),
            pairs_by_verdict=counts,
            trace_ids=(graph.events[0].trace_id,),
            first_ns=min(times),
            last_ns=max(times),
            examples=examples,
        )

    def _example(self, cycle: WaitCycle) -> Example:
        parties = self._parties(cycle)
        times = [party.wants.time_ns for party in parties]
        first, *others = [party.wants for party in parties]
        second = others[0] if others else self._owner(cycle.waits[0])
        return Example(
            verdict=Verdict.OBSERVED if cycle.is_actual else Verdict.POSSIBLE,
            gap_ns=max(times) - min(times),
            first=first,
            second=second,
            missing_edge=missing_edge_of(parties, more=_more(cycle), is_actual=cycle.is_actual),
            fix=fix_of(parties),
            witness=tuple(others[1:]),
            ancestor=self._ancestor(cycle),
        )

    def _ancestor(self, cycle: WaitCycle) -> Moment | None:
        """Return what the first two tasks both follow."""
        events = [wait.event for wait in islice(_from_first(self._graph, cycle), 2)]
        return self._ancestors.shown(*events) if len(events) > 1 else None

    def _parties(self, cycle: WaitCycle) -> list[Party]:
        """Return the first tasks of a cycle, `MOST_SHOWN` at most."""
        waits = _from_first(self._graph, cycle)
        before = (waits[-1], *waits[:-1])
        names = self._names(waits)
        return [self._party(names, *party) for party in islice(zip(waits, before, strict=True), MOST_SHOWN)]

    def _names(self, waits: Sequence[Wait]) -> Mapping[int, str]:
        """Return what to call the chains that wait, and their parents."""
        graph = self._graph
        events = {graph.chain_of[event]: event for wait in waits for event in (wait.event, *wait.waiters)}
        places = [_location_of(graph, wait.event) for wait in waits]
        names = told_apart([_runner_of(graph, event) for event in events.values()], places)
        if len(set(names)) < len(events):  # tasks that were never named
            names = [graph.chains[chain].component for chain in events]
        return dict(zip(events, names, strict=True))

    def _party(self, names: Mapping[int, str], wait: Wait, waiting: Wait) -> Party:
        """Return what is to be said of a task; `waiting` waits for it."""
        wanted = key_of(waiting.lock)
        return Party(
            name=names[wait.chain],
            wants=self._evidence(wait.event, wait.lock.name, wait.held),
            keeps=waiting.lock.name,
            is_own=wanted in map(key_of, wait.own),
            parents=[names[self._graph.chain_of[event]] for event in wait.waiters],
        )

    def _owner(self, wait: Wait) -> AccessEvidence:
        """Return the last acquire of a lock by the task that waits for it, or by its parents."""
        graph = self._graph
        chains = {wait.chain, *(graph.chain_of[event] for event in wait.waiters)}
        acquires = (
            event
            for event, payload in graph.payloads.of(LockAcquire)
            if graph.chain_of[event] in chains and payload.lock_id == wait.lock.name and event != wait.event
        )
        return self._evidence(max(acquires, default=wait.event), wait.lock.name, ())

    def _evidence(self, event: int, lock: str, lockset: Lockset) -> AccessEvidence:
        graph = self._graph
        process = graph.chains[graph.chain_of[event]].process
        return AccessEvidence(
            event_id=graph.events[event].id,
            trace_id=graph.events[event].trace_id,
            time_ns=graph.finishes_ns[event],
            variable=lock,
            access_type=AccessType.ATOMIC_RMW,
            service=process.service,
            instance=process.instance or None,
            process_id=process.process_id,
            thread_id=thread_of(graph.events[event]),
            location=_location_of(graph, event),
            lockset=held(lockset),
            clock=self._clocks.shown(event),
            task=task_of(graph.events[event]),
        )


def _deadlock_of(graph: CausalGraph, cycle: WaitCycle) -> Deadlock:
    waits = _from_first(graph, cycle)
    return Deadlock(
        status=DeadlockStatus.ACTUAL if cycle.is_actual else DeadlockStatus.PREDICTED,
        locks=tuple(wait.lock.name for wait in waits),
        threads=tuple(_names(graph, waits)),
        locations=tuple(_location_of(graph, wait.event) for wait in waits),
    )


def _more(cycle: WaitCycle) -> int:
    return max(0, len(cycle.waits) - MOST_SHOWN)


def _from_first(graph: CausalGraph, cycle: WaitCycle) -> Sequence[Wait]:
    """Return the waits from the one whose thread comes first by name."""
    waits = cycle.waits
    first = min(
        range(len(waits)), key=lambda place: (thread_of(graph.events[waits[place].event]), waits[place].event)
    )
    return (*waits[first:], *waits[:first])


def _names(graph: CausalGraph, waits: Sequence[Wait]) -> list[str]:
    """Return the threads that wait; of tasks of one thread the names that they have in clocks."""
    names = [thread_of(graph.events[wait.event]) for wait in waits]
    if all(names) and len(set(names)) == len(names):
        return names
    return [graph.chains[wait.chain].component for wait in waits]


def _runner_of(graph: CausalGraph, event: int) -> Runner:
    said, process = graph.events[event], graph.chains[graph.chain_of[event]].process
    return Runner(
        task_of(said), thread_of(said), process.service, said.trace_id, process.process_id, process.instance
    )


def _location_of(graph: CausalGraph, event: int) -> str:
    payload = graph.payloads[event]
    return payload.location if isinstance(payload, LockPayload) else ""


def _fingerprint_of(graph: CausalGraph, cycle: WaitCycle) -> str:
    services = {graph.chains[wait.chain].process.service for wait in cycle.waits}
    return fault_of(services, [(_location_of(graph, wait.event), wait.lock.name) for wait in cycle.waits])
