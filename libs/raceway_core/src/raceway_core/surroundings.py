"""What is known around the accesses of one trace, for `raceway_core.grouping`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from raceway_core.access import Access, Variable
from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import LockMode
from raceway_core.evidence import evidence_of
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Place
from raceway_core.lockset import LockKey
from raceway_core.moment import Moment
from raceway_core.reason.ancestor import Ancestors


class TraceSurroundings:
    """The surroundings of a trace's accesses. Nothing is computed before it is asked for."""

    def __init__(
        self, graph: CausalGraph, clocks: Clocks, accesses: Mapping[Variable, Sequence[Access]]
    ) -> None:
        self._graph = graph
        self._clocks = clocks
        self._accesses = accesses
        self._places: dict[Variable, dict[int, list[Place]]] = {}
        self._ancestors = Ancestors(graph, clocks)

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader sees it."""
        return evidence_of(self._graph, self._clocks, access)

    def places(self, access: Access) -> Sequence[Place]:
        """Return all places where the access's transaction touched its variable."""
        places = self._places.get(access.variable)
        if places is None:
            places = self._places[access.variable] = {}
            for other in self._accesses[access.variable]:
                places.setdefault(other.transaction, []).append(other.place)
        return places[access.transaction]

    def lock_uses(self, variable: Variable) -> Mapping[LockKey, int]:
        """Return how many accesses of the variable held each lock exclusively."""
        return Counter(
            (lock.name, lock.scope_key)
            for access in self._accesses[variable]
            for lock in access.lockset
            if lock.mode is LockMode.EXCLUSIVE
        )

    def ancestor(self, first: Access, second: Access) -> Moment | None:
        """Return what the accesses both follow, None where nothing leads to both."""
        return self._ancestors.shown(first.number, second.number)
