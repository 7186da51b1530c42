"""One trace, analyzed: events in, everything that is stored about the trace out.

    events ─► causal graph ─► clocks of C ─┬─► accesses, by variable ─► lost updates ─► races ─► findings
                  └─► holds of locks ─► clocks of H ─┘
                              └─► deadlocks ─► findings, contention

Every part is a module of its own; this one only puts them together. Everything is a function of the
set of events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from raceway_core.access import Access, Precedes, Variable, accesses_of
from raceway_core.audit_trail import AuditTrails
from raceway_core.baseline.measurement import measurements_of
from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.clock import Clocks, clocks_of
from raceway_core.contention import contention_of
from raceway_core.counting.timebase import Timebase
from raceway_core.critical_path import critical_paths_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.deadlock_finding import deadlocks_of, find_deadlock_faults
from raceway_core.event import Event, HeldLock, TraceId
from raceway_core.evidence import held
from raceway_core.grouping import Scene
from raceway_core.isolation.declared import declared_in
from raceway_core.isolation.resource import check_by_resource
from raceway_core.lock_order import lock_edges
from raceway_core.locking.order_writer import lock_orders_of
from raceway_core.lockset import Lockset, locks_of
from raceway_core.options import DEFAULTS, Options
from raceway_core.path.span_tree import span_tree
from raceway_core.predicted_update import Holds
from raceway_core.race import Order
from raceway_core.race_tally import count_of
from raceway_core.result import MOST_CLOCKS, AuditTrail, EventNote, TraceResult, TraceSummary
from raceway_core.run import windows_of
from raceway_core.self_time import self_times_of
from raceway_core.summary import summary_of
from raceway_core.surroundings import TraceSurroundings
from raceway_core.trace_finding import TraceFindings, find_in_trace
from raceway_core.transaction import transactions_of, uncommitted_of


def analyze_trace(trace_id: TraceId, events: Sequence[Event], options: Options = DEFAULTS) -> TraceResult:
    """Return the result of a trace. It depends on the set of `events` only, never on their order.

    `events` are all of trace `trace_id`, at least one.

    Time: O(n log n) and what races cost (`raceway_core.race`), n events.
    """
    graph = build_graph(events)
    return analyze_ordered(trace_id, graph, clocks_of(graph), options)


def analyze_ordered(
    trace_id: TraceId, graph: CausalGraph, clocks: Clocks, options: Options = DEFAULTS
) -> TraceResult:
    """Do what `analyze_trace` does, with the trace's graph and its C-clocks at hand."""
    locks = locks_of(graph, options)
    grants = lock_edges(graph, locks.holds)
    order = Order(clocks, clocks.extended(grants) if grants else clocks, Timebase(graph))
    transactions = transactions_of(graph)
    accesses = accesses_of(
        graph, transactions=transactions, locksets=locks.locksets, order=clocks.rank, options=options
    )
    uncommitted = uncommitted_of(graph, transactions)
    scene = Scene(TraceSurroundings(graph, clocks, accesses), _precedes(clocks))
    holds = Holds(locks.holds, clocks.rank, graph.chain_of) if locks.holds else None
    found = find_in_trace(accesses, order, scene, uncommitted, holds)
    deadlocks = find_deadlocks(graph, clocks, locks.holds, options)
    declared = declared_in(graph, clocks.rank, options)
    orders = lock_orders_of(graph, clocks, locks.holds, options)
    tree = span_tree(graph)
    paths = critical_paths_of(graph, tree)
    cuts = {
        "findings_cut": found.cut,
        "predicted_cut": int(found.is_prediction_cut),
        "deadlocks_cut": int(deadlocks.is_cut),
        "lock_orders_cut": int(orders.is_cut),
        "locksets_cut": locks.cut,
    }
    return TraceResult(
        summary=_summary(trace_id, graph, clocks, cuts),
        race_pairs=found.pair_count,
        races=found.pairs,
        findings=(*found.findings, *find_deadlock_faults(graph, clocks, deadlocks.cycles)),
        variables=tuple(
            count_of(variable, accesses[variable], found.races.get(variable)) for variable in sorted(accesses)
        ),
        windows=windows_of(graph, clocks, locks.holds, accesses, uncommitted, races=found.races),
        audit_trails=_audit_trails(graph, clocks, accesses, found),
        critical_paths=paths,
        self_times=self_times_of(graph, tree),
        event_notes=_notes(graph, clocks, locks.locksets),
        deadlocks=deadlocks_of(graph, deadlocks.cycles),
        locks=contention_of(graph, locks.holds, options),
        isolation=check_by_resource([declared]) if declared.sessions else None,
        declared=declared,
        lock_orders=orders.orders,
        measurements=tuple(measurements_of(graph, paths)),
    )


def _precedes(clocks: Clocks) -> Precedes:
    happens_before = clocks.happens_before
    return lambda first, second: happens_before(first.number, second.number)


def _summary(trace_id: TraceId, graph: CausalGraph, clocks: Clocks, cuts: Mapping[str, int]) -> TraceSummary:
    summary = summary_of(trace_id, graph)
    caps = {"too_wide": int(clocks.is_too_wide), **cuts}
    more = {kind: count for kind, count in caps.items() if count}
    return msgspec.structs.replace(summary, notes={**summary.notes, **more}) if more else summary


def _audit_trails(
    graph: CausalGraph, clocks: Clocks, accesses: Mapping[Variable, Sequence[Access]], found: TraceFindings
) -> tuple[AuditTrail, ...]:
    trails = AuditTrails(graph, clocks)
    return tuple(
        trails.trail(variable, accesses[variable], found.racing(variable, len(accesses[variable])))
        for variable in sorted(accesses)
    )


def _notes(graph: CausalGraph, clocks: Clocks, locksets: Sequence[Lockset]) -> tuple[EventNote, ...]:
    """Return a note for each event of which there is something to say."""
    seen: dict[Lockset, tuple[HeldLock, ...]] = {(): ()}
    has_clocks = len(graph.events) <= MOST_CLOCKS
    notes = []
    for number, event in enumerate(graph.events):
        lockset = locksets[number]
        if lockset or has_clocks:
            shown = seen.get(lockset)
            if shown is None:
                shown = seen[lockset] = held(lockset)
            notes.append(EventNote(event.id, shown, clocks.shown(number) if has_clocks else ()))
    return tuple(notes)
