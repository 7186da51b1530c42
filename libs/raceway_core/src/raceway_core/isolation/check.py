"""The check of a history: every anomaly that the values prove, and the levels that they refute.

    history ─► who wrote what ─► what each saw ─┬─► dirty reads, contradictions
                                                └─► dependencies ─► visibility ─► cycles, lost updates

What it says is sound: there is no way to order the transactions at a refuted level that explains
what they saw. It tries no cases, so it may miss some; where nothing is found nothing is proven.
The verdict depends neither on names nor on the order of the sessions.

Sources: Adya 1999; Cerone, Bernardi & Gotsman 2015; Biswas & Enea 2019; Crooks et al. 2017;
Kingsbury & Alvaro 2020 (Elle).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from raceway_core.isolation.cycle import MissedWrites, WriteCycles, name_of
from raceway_core.isolation.dependency import dependencies_of
from raceway_core.isolation.dirty_read import contradictions, dirty_reads
from raceway_core.isolation.effort import LIMITS, Limits
from raceway_core.isolation.evidence import Evidence, evidence_in
from raceway_core.isolation.graph import EdgeKind, Step
from raceway_core.isolation.history import Anomaly, Cut, CycleEdge, EdgeName, History, Isolation
from raceway_core.isolation.knot import Knots
from raceway_core.isolation.level import refuted_by, weakest_refuted
from raceway_core.isolation.overwrite import lost_updates
from raceway_core.isolation.visibility import add_visibility
from raceway_core.isolation.witness import Cycle

_WORDS: dict[EdgeKind, EdgeName] = {
    EdgeKind.SO: "so",
    EdgeKind.WR: "wr",
    EdgeKind.WW: "ww",
    EdgeKind.DERIVED: "ww",
    EdgeKind.RW: "rw",
}


def check(history: History, limits: Limits = LIMITS) -> Isolation:
    """Return what a history proves; what the limits cut may refute more levels.

    Time: O(operations · log n + edges · lanes), and a bounded search for witnesses.
    """
    evidence = evidence_in(history)
    found = dependencies_of(evidence)
    visibility = add_visibility(found, limits)
    knots = Knots(found.graph)
    losses = lost_updates(found)
    lost = {(step.source, step.edge.target, step.edge.key) for loss in losses.found for step in loss.cycle}
    cycles = WriteCycles(knots), MissedWrites(knots, visibility, lost)
    anomalies = [
        *dirty_reads(evidence),
        *contradictions(evidence),
        *(_anomaly(evidence, "lost-update", loss.cycle) for loss in losses.found),
        *_cycles(evidence, chain.from_iterable(cycles)),
    ]
    weakest = weakest_refuted({anomaly.name for anomaly in anomalies}, knots, visibility)
    is_cut: dict[Cut, bool] = {
        "visibility": visibility.is_cut,
        "cycles": any(one.is_cut for one in cycles) or losses.is_cut,
    }
    return Isolation(
        len(evidence.transactions),
        refuted_by(weakest),
        anomalies,
        sorted(evidence.unrecoverable),
        tuple(word for word, is_so in is_cut.items() if is_so),
    )


def _cycles(evidence: Evidence, cycles: Iterable[Cycle]) -> Iterator[Anomaly]:
    shown: set[frozenset[tuple[int, int, EdgeKind, str | None]]] = set()
    for cycle in cycles:
        identity = frozenset((step.source, step.edge.target, step.edge.kind, step.edge.key) for step in cycle)
        if identity not in shown:
            shown.add(identity)
            yield _anomaly(evidence, name_of(cycle), cycle)


def _anomaly(evidence: Evidence, name: str, cycle: Sequence[Step]) -> Anomaly:
    """Return a cycle as shown: it begins at the transaction that stands first in the history."""
    transactions = evidence.transactions
    begin = min(range(len(cycle)), key=lambda place: cycle[place].source)
    steps = [*cycle[begin:], *cycle[:begin]]
    return Anomaly(
        name,
        [transactions[step.source].id for step in steps],
        sorted({step.edge.key for step in steps if step.edge.key is not None}),
        [
            CycleEdge(
                transactions[step.source].id,
                transactions[step.edge.target].id,
                _WORDS[step.edge.kind],
                step.edge.key,
            )
            for step in steps
        ],
    )
