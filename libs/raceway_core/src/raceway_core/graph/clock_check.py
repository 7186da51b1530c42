"""Clocks that were sent: which are vector clocks, what they order, and what is wrong with them.

An SDK may send with each event what its task knew of the others: `[component, n]` with a component
`service#instance#task`. The event's own component is its place: unique in its chain and growing
with it, while arrival and file order prove nothing. A foreign component orders the event behind
that place of another chain. Problems are counted and shown, never fatal:

    malformed_clock        an entry that is no count, or a component given twice; it is left out
    own_component_missing  a vector clock without a place for the event itself
    duplicate_place        another event of the chain has the place; neither is before the other
    not_growing            something known to an earlier event of the chain is not known to this one
    gap                    the place named was never received, though later ones were, or the client told
                           that it lost as many: kept as order
    dangling_component     a place beyond all that were received or told to be lost; it orders nothing

A send may count once more than its event says, for the message itself. What names no task, a
counter per request (`service#instance`) or an event's id, is no vector clock and is ignored. Components
of a process that is in the trace but of a task that is not come from other traces: they order
nothing. Those of a process that is not in the trace tell that it has not arrived.

Sources: Fidge 1988 and Mattern 1989 (vector clocks).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

import msgspec

from raceway_core.event import AsyncSpawn, EventId, HttpRequest, HttpResponse, MessageSend
from raceway_core.graph.event_table import NONE, EventTable
from raceway_core.graph.lost import Lost

MOST_ENTRIES = 64
"""A clock this long may have been cut, so that absence from it means nothing."""

_TOO_MUCH = 2**53
_SENDS = frozenset({AsyncSpawn, HttpRequest, HttpResponse, MessageSend})

Vector: TypeAlias = dict[str, int | float]
"""A clock as it was sent; a count that came as a whole float is as good."""


class ClockIssue(msgspec.Struct, frozen=True, gc=False):
    """Something wrong with a clock that was sent (`kind` is one of the words that this module uses)."""

    kind: str
    event_id: EventId
    message: str


class ClockCheck(NamedTuple):
    """What the clocks of a trace say.

    `place_of` has the events whose clock counts, with their place. `copies` are those that repeat
    a place, numbered from 1 for each. `order` are pairs of events, cause first, between chains.
    `missing` are components of processes that the trace does not have.
    """

    place_of: Mapping[int, int]
    copies: Mapping[int, int]
    order: Sequence[tuple[int, int]]
    issues: Sequence[ClockIssue]
    missing: frozenset[str]


_NO_CLOCKS = ClockCheck({}, {}, (), (), frozenset())


def check_clocks(table: EventTable, lost: Mapping[str, Lost]) -> ClockCheck:
    """Validate the clocks; `lost` is by component what clients told of. Time: O(entries + n log n)."""
    real = [number for number, event in enumerate(table.events) if _is_real(event.causality_vector)]
    return _Check(table, real, lost).result() if real else _NO_CLOCKS


def _is_real(entries: Sequence[tuple[str, int | float]]) -> bool:
    """Whether an entry names a task, as those of a vector clock do."""
    if not entries:
        return False
    return entries[0][0].count("#") >= 2 or any(component.count("#") >= 2 for component, _ in entries)


class _Check:
    def __init__(self, table: EventTable, events: Sequence[int], lost: Mapping[str, Lost]) -> None:
        self._table = table
        self._issues: list[tuple[int, ClockIssue]] = []
        self._order: list[tuple[int, int]] = []
        self._copies: dict[int, int] = {}
        self._missing: set[str] = set()
        self._reported: set[tuple[str, int | float]] = set()
        self._vectors = self._read(events)
        self._placed = self._places()
        self._events = {component: [event for _, event in chain] for component, chain in self._placed.items()}
        self._values = {component: [place for place, _ in chain] for component, chain in self._placed.items()}
        self._ends = {component: values[-1] for component, values in self._values.items()}
        self._ends |= {component: each.end(self._ends.get(component, 0)) for component, each in lost.items()}
        self._here = {(strand.process.service, strand.process.instance) for strand in table.strands}

    def result(self) -> ClockCheck:
        for component, chain in self._placed.items():
            self._walk(component, chain)
        place_of = {event: place for chain in self._placed.values() for place, event in chain}
        issues = [issue for _, issue in sorted(self._issues, key=lambda item: (item[0], item[1].kind))]
        return ClockCheck(place_of, self._copies, self._order, issues, frozenset(self._missing))

    def _report(self, kind: str, event: int, message: str) -> None:
        self._issues.append((event, ClockIssue(kind, self._table.events[event].id, message)))

    def _read(self, events: Sequence[int]) -> dict[int, Vector]:
        """Return the clocks without the entries that are none: one by one only if there are such."""
        sent = [self._table.events[event].causality_vector for event in events]
        vectors: list[Vector] = list(map(dict, sent))
        counts = list(map(dict.values, vectors))
        are_valid = min(map(min, counts)) > 0 and max(map(max, counts)) < _TOO_MUCH
        are_valid &= list(map(len, vectors)) == list(map(len, sent))
        return dict(zip(events, vectors if are_valid else map(self._vector, events), strict=True))

    def _vector(self, event: int) -> Vector:
        vector: Vector = {}
        for component, count in self._table.events[event].causality_vector:
            if not 0 < count < _TOO_MUCH or component in vector:
                self._report("malformed_clock", event, f"no valid count of {component!r}: {count}")
            else:
                vector[component] = count
        return vector

    def _places(self) -> dict[str, list[tuple[int, int]]]:
        """Return by component the places of its chain, in their order, each with its event."""
        places: dict[str, list[tuple[int, int]]] = {}
        names = [strand.component for strand in self._table.strands]
        for event, vector in self._vectors.items():
            name = names[self._table.strand_of[event]]
            if name in vector:
                places.setdefault(name, []).append((int(vector[name]), event))
            else:
                self._report("own_component_missing", event, f"the clock has no {name!r}")
        for chain in places.values():
            chain.sort()
        return places

    def _walk(self, component: str, chain: Sequence[tuple[int, int]]) -> None:
        """Compare each clock of a chain with what the chain knew before."""
        known: Vector = {}
        last, copies = 0, 0
        for index, (place, event) in enumerate(chain):
            vector = self._vectors[event]
            if place == last:
                copies += 1
                self._copy(event, copies, chain, index)
                self._learn(event, component, list(vector.items()), dict(known))
                continue
            last, copies = place, 0
            known[component] = place
            if vector == known:
                continue
            if len(vector) < MOST_ENTRIES and not known.keys() <= vector.keys():
                lost = min(known.keys() - vector.keys())
                self._report("not_growing", event, f"{lost!r} was known before and is missing")
            news = [entry for entry in vector.items() if known.get(entry[0]) != entry[1]]
            if news:
                self._learn(event, component, news, known)

    def _copy(self, event: int, number: int, chain: Sequence[tuple[int, int]], index: int) -> None:
        place, first = chain[index - number]
        twin = self._table.events[first].id
        self._report("duplicate_place", event, f"place {place} of its chain is also that of {twin}")
        self._copies[event] = number
        if index > number:
            self._order.append((chain[index - number - 1][1], event))
        after = next((later for value, later in chain[index + 1 :] if value > place), NONE)
        if after != NONE:
            self._order.append((event, after))

    def _learn(self, event: int, own: str, news: Sequence[tuple[str, int | float]], known: Vector) -> None:
        """Order `event` behind the places that are new to its chain, and add them to `known`."""
        causes: list[tuple[int, str, int | float]] = []
        for component, count in sorted(news):
            if component == own:
                continue
            if count < known.get(component, 0):
                message = f"{component!r} was known up to {known[component]} before, now {count}"
                self._report("not_growing", event, message)
                continue
            cause = self._resolve(event, component, count)
            if cause is not None:
                known[component] = count
                causes.append((cause, component, count))
        self._order += ((cause, event) for cause in self._direct(causes))

    def _direct(self, causes: list[tuple[int, str, int | float]]) -> Iterator[int]:
        """Leave out the causes that the clock of another one, which is direct, tells of."""
        direct: list[Vector] = []
        for cause, component, count in sorted(causes, reverse=True):
            if cause == NONE:
                continue
            end = self._ends[component]  # what was heard beyond it orders nothing
            if not any(count <= heard.get(component, 0) <= end for heard in direct):
                yield cause
                direct.append(self._vectors[cause])

    def _resolve(self, event: int, component: str, count: int | float) -> int | None:
        """Return the event that has a place, NONE where it orders nothing, None where it dangles."""
        if component not in self._ends:
            if not self._is_here(component):
                self._missing.add(component)
            return NONE
        values = self._values.get(component, ())
        index = bisect_left(values, count)
        if index < len(values) and values[index] == count:
            return self._events[component][index]
        index = bisect_left(values, values[index - 1]) if index else NONE
        if not self._is_send(component, index, count - 1):
            if count > self._ends[component]:
                self._report_once("dangling_component", event, component, count)
                return None
            self._report_once("gap", event, component, count)
        return NONE if index == NONE else self._events[component][index]

    def _is_send(self, component: str, index: int, place: int | float) -> bool:
        if index == NONE or self._values[component][index] != place:
            return False
        return type(self._table.payloads[self._events[component][index]]) in _SENDS

    def _is_here(self, component: str) -> bool:
        return any((service, instance) in self._here for service, instance in _processes(component))

    def _report_once(self, kind: str, event: int, component: str, count: int | float) -> None:
        if (component, count) not in self._reported:
            self._reported.add((component, count))
            self._report(kind, event, f"no event has place {count} of {component!r}")


def _processes(component: str) -> Iterator[tuple[str, str]]:
    """Yield every reading of `service#instance#task`; each part may itself contain a `#`."""
    parts = component.split("#")
    for second in range(1, len(parts)):
        for third in range(second + 1, len(parts)):
            yield "#".join(parts[:second]), "#".join(parts[second:third])
