"""Isolation levels, weakest first, and the weakest one that each anomaly refutes.

A level that is refuted refutes every stronger one. Session order counts at each of them.

    read-committed       no G0, G1a, G1b, G1c
    read-atomic          reads agree with the transaction's own, and see all of a transaction or nothing
    causal               what was visible to something visible is visible
    snapshot-isolation   no cycle without two read-write edges in a row
    serializable         no cycle

How far down a cycle with one read-write edge reaches depends on why its other transactions were
visible: directly, by a chain of reads and sessions, or only by an order of writes.

Sources: Adya 1999 (PL-2, PL-SI, PL-3); Cerone, Bernardi & Gotsman 2015 (the levels as axioms);
Biswas & Enea 2019 (the axioms of read atomic, causal and prefix consistency over a commit order).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import IntEnum

from raceway_core.component import components_of, members_of
from raceway_core.isolation.knot import RW, SO, WR, Knots
from raceway_core.isolation.visibility import Visibility


class Level(IntEnum):
    """A smaller number is a weaker level."""

    READ_COMMITTED = 0
    READ_ATOMIC = 1
    CAUSAL = 2
    SNAPSHOT_ISOLATION = 3
    SERIALIZABLE = 4

    @property
    def word(self) -> str:
        """The name that a report uses."""
        return self.name.lower().replace("_", "-")


def refuted_by(weakest: Level | None) -> list[str]:
    """Return the words of `weakest` and all stronger levels, weakest first; nothing for None."""
    return [] if weakest is None else [level.word for level in Level if level >= weakest]


OF_CLASS = {
    "G1a": Level.READ_COMMITTED,
    "G1b": Level.READ_COMMITTED,
    "internal": Level.READ_ATOMIC,
    "non-repeatable-read": Level.READ_ATOMIC,
    "lost-update": Level.SNAPSHOT_ISOLATION,
}
"""What a contradiction that is no cycle refutes, and a lost update whatever else its cycle is."""


def weakest_refuted(names: Iterable[str], knots: Knots, visibility: Visibility) -> Level | None:
    """Return the weakest level that the graph, or an anomaly of one of the `names`, refutes.

    It is decided by components, not by the cycles that are shown. Time: O(edges).
    """
    levels = [OF_CLASS[name] for name in names if name in OF_CLASS]
    levels += _by_visibility(knots, visibility)
    levels += _by_cycles(knots)
    return min(levels, default=None)


def _by_visibility(knots: Knots, visibility: Visibility) -> Iterator[Level]:
    if not knots.are_any:
        return
    for level, is_enough in ((Level.READ_ATOMIC, {True}), (Level.CAUSAL, {True, False})):
        if any(stale.is_direct in is_enough for stale in visibility.stale):
            yield level
        derived = [(one.first, one.second) for one in visibility.derived if one.is_direct in is_enough]
        if derived:
            successors = knots.successors({SO, WR})
            for first, second in derived:
                successors[first].append(second)
            if members_of(components_of(successors)):
                yield level


def _by_cycles(knots: Knots) -> Iterator[Level]:
    if not knots.are_any:
        return
    yield Level.SERIALIZABLE
    if knots.has_read_cycle:
        yield Level.READ_COMMITTED
    missed = (
        (source, edge.target)
        for source, edges in enumerate(knots.graph.out[: knots.graph.size])
        for edge in edges
        if edge.kind is RW
    )
    if any(knots.is_apart(source, target) for source, target in missed):
        yield Level.SNAPSHOT_ISOLATION
