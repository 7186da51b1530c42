"""The dependencies of a trace, written down for the comparison with other traces."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import AccessType, AsyncAwait, LockPayload, Scope
from raceway_core.evidence import held, task_of, thread_of
from raceway_core.finding import AccessEvidence
from raceway_core.identity import scope_key
from raceway_core.locking.dependency import Dependency, pack_dependency, pack_request, pack_way
from raceway_core.locking.span import Places, Span, spans_of
from raceway_core.locking.waiting import pending_of
from raceway_core.locking.want import Want, wants_of
from raceway_core.locking.way import Way, Ways
from raceway_core.lockset import Hold
from raceway_core.options import Options
from raceway_core.result import LockOrder

MOST_ORDERS = 256
"""Of one trace. Code has few; data that names its locks can have any number."""

MOST_BYTES = 16 * 1024
"""A class and its request are not kept if they take more, because of long names."""


class LockOrders(NamedTuple):
    """What a trace leaves, sorted by class. `is_cut`: it has more."""

    orders: tuple[LockOrder, ...]
    is_cut: bool


NONE = LockOrders((), is_cut=False)


def lock_orders_of(graph: CausalGraph, clocks: Clocks, holds: Sequence[Hold], options: Options) -> LockOrders:
    """Return the classes of a trace's dependencies, each with its earliest request.

    Time: O(h) where no lock is asked for while another is held, h holds; else O(n log n) and the ways.
    """
    if not holds or not _may_nest(graph, clocks, holds):
        return NONE
    places = Places(graph)
    spans = spans_of(graph, holds, places)
    pending = pending_of(graph, options)
    wants = wants_of(graph, clocks, spans, pending, places)
    return _Writer(graph, clocks, spans, places).orders(wants) if wants else NONE


def _may_nest(graph: CausalGraph, clocks: Clocks, holds: Sequence[Hold]) -> bool:
    """Whether a hold does not end before its chain's next begins, or was not seen to end, or is waited in."""
    rank, chain_of = clocks.rank, graph.chain_of
    before: Hold | None = None
    for hold in holds:
        if hold.release is None:
            return True
        if before is not None and chain_of[before.acquire] == chain_of[hold.acquire]:
            ends = before.release
            if ends is None or rank[ends] > rank[hold.acquire]:
                return True
        before = hold
    return len(graph.chains) > 1 and bool(graph.payloads.numbers(AsyncAwait))


class _Writer:
    """Writes down the wants of one trace."""

    def __init__(
        self, graph: CausalGraph, clocks: Clocks, spans: Mapping[int, Sequence[Span]], places: Places
    ) -> None:
        self._graph = graph
        self._clocks = clocks
        self._spans = spans
        self._places = places
        self._ways: dict[int, Ways] = {}

    def orders(self, wants: Sequence[Want]) -> LockOrders:
        """Return the classes of the wants."""
        events: dict[Dependency, list[int]] = {}
        is_cut = False
        for dependency, want, event in self._dependencies(wants):
            if dependency is None or (dependency not in events and len(events) == MOST_ORDERS):
                is_cut = True
            elif self._is_told_apart(want, dependency):
                events.setdefault(dependency, []).append(event)
        found = [self._order(dependency, of_class) for dependency, of_class in events.items()]
        kept = [order for order in found if len(order.body) + len(order.example) <= MOST_BYTES]
        is_cut |= len(kept) < len(found)
        return LockOrders(tuple(sorted(kept, key=lambda order: order.body)), is_cut)

    def _dependencies(self, wants: Sequence[Want]) -> Iterator[tuple[Dependency | None, Want, int]]:
        for want in wants:
            above: Way | None = ()
            for waiter in reversed(want.waiters):
                above = _joined(above, self._way(waiter.chain, [waiter.place])[waiter.place])
            service = self._graph.chains[want.chain].process.service
            inherited = want.inherited
            own = tuple(lock for lock in want.held if lock not in inherited)
            place_of = {event: self._places.of(self._graph.ends[event]) for event in want.events}
            ways = self._way(want.chain, sorted(place_of.values()))
            for event in want.events:
                way = _joined(above, ways[place_of[event]])
                if way is None:
                    yield None, want, event
                else:
                    location = self._location(event)
                    yield Dependency(service, location, want.lock, own, inherited, pack_way(way)), want, event

    def _way(self, chain: int, places: Sequence[int]) -> Mapping[int, Way | None]:
        if chain not in self._ways:
            self._ways[chain] = Ways(self._spans.get(chain, ()))
        return self._ways[chain].until(places)

    def _location(self, event: int) -> str:
        payload = self._graph.payloads[event]
        return payload.location if isinstance(payload, LockPayload) else ""

    def _is_told_apart(self, want: Want, dependency: Dependency) -> bool:
        """Whether its locks cannot be mistaken for those of another process that calls itself alike."""
        process = self._graph.chains[want.chain].process
        return process.is_known or scope_key(Scope.PROCESS, process) not in dependency.scopes

    def _order(self, dependency: Dependency, events: Sequence[int]) -> LockOrder:
        finishes_ns = self._graph.finishes_ns
        first = min(events, key=lambda event: (finishes_ns[event], self._graph.events[event].id))
        return LockOrder(
            scopes=dependency.scopes,
            body=pack_dependency(dependency),
            first_ns=finishes_ns[first],
            last_ns=max(finishes_ns[event] for event in events),
            example=pack_request(self._request(first, dependency)),
        )

    def _request(self, event: int, dependency: Dependency) -> AccessEvidence:
        graph = self._graph
        process = graph.chains[graph.chain_of[event]].process
        return AccessEvidence(
            event_id=graph.events[event].id,
            trace_id=graph.events[event].trace_id,
            time_ns=graph.finishes_ns[event],
            variable=dependency.lock.name,
            access_type=AccessType.ATOMIC_RMW,
            service=process.service,
            instance=process.instance or None,
            process_id=process.process_id,
            thread_id=thread_of(graph.events[event]),
            location=dependency.location,
            lockset=held(dependency.held),
            clock=self._clocks.shown(event),
            task=task_of(graph.events[event]),
        )


def _joined(before: Way | None, after: Way | None) -> Way | None:
    return None if before is None or after is None else (*before, *after)
