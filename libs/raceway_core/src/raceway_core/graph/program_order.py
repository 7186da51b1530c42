"""Program order: the one sequence in which the nodes of a chain happened.

Where the chain's events carry a place on a valid clock, the place decides. Else a parent comes
before its descendants, whatever the stamps say, and of the others the one that began earlier.

A chain does one thing at a time, so the intervals on it nest or follow one another: an event lies
inside an open one if it finished in time, or is its child; else the open one is over. Where stamps
contradict that, the sequence holds and the stamps do not: a mere duration proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from operator import lt
from typing import NamedTuple

from raceway_core.event import (
    AsyncAwait,
    Custom,
    DatabaseQuery,
    FunctionCall,
    HttpRequest,
    HttpResponse,
    Span,
)
from raceway_core.graph.event_table import EventTable
from raceway_core.graph.parent_order import start_order

_CAN_CONTAIN = frozenset({FunctionCall, HttpRequest, HttpResponse, DatabaseQuery, AsyncAwait, Custom, Span})


class Nodes(NamedTuple):
    """The nodes of the events: `starts[e] == ends[e]` for a point event."""

    starts: Sequence[int]
    ends: Sequence[int]
    event_of: Sequence[int]


def nodes_of(table: EventTable) -> Nodes:
    """Number the nodes by wall time. Where all events are points, a node has its event's number."""
    numbers = list(range(len(table.events)))  # read twice as fast as the range itself
    if not table.has_intervals:
        return Nodes(numbers, numbers, numbers)
    begins, finishes = table.begins, table.finishes
    keys = [(begins[event], 1, -finishes[event], event) for event in numbers]
    keys += [
        (finishes[event], 0, -begins[event], ~event) for event in numbers if finishes[event] > begins[event]
    ]
    keys.sort()
    starts, ends, event_of = [0] * len(numbers), [0] * len(numbers), [0] * len(keys)
    for node, (_, is_start, _, number) in enumerate(keys):
        event = number if is_start else ~number
        event_of[node] = event
        ends[event] = node
        if is_start:
            starts[event] = node
    return Nodes(starts, ends, event_of)


def chain_nodes_of(
    table: EventTable, nodes: Nodes, of_event: Sequence[int], place_of: Mapping[int, int]
) -> list[list[int]]:
    """Return for each chain its nodes in program order. Time: O(n log n)."""
    members: list[list[int]] = [[] for _ in range(max(of_event, default=-1) + 1)]
    for event in start_order(table):
        members[of_event[event]].append(event)
    if place_of:
        members = [_recorded(table, chain, place_of) for chain in members]
    if not table.has_intervals:
        return members
    return [_nested(table, nodes, chain, place_of) for chain in members]


def _recorded(table: EventTable, chain: list[int], place_of: Mapping[int, int]) -> list[int]:
    """Return the events of `chain` as they were recorded; those without a place go by time."""
    if not table.has_intervals and _has_growing_places(chain, place_of):
        return chain
    placed = sorted((event for event in chain if event in place_of), key=place_of.__getitem__)
    if not placed:
        return chain
    moments: dict[int, int] = {}
    latest = table.begins[placed[0]]
    for event in placed:
        at_end = was_recorded_at_end(table, event)
        latest = max(latest, table.finishes[event] if at_end else table.begins[event])
        moments[event] = latest
    for event in chain:
        if event not in moments:
            moments[event] = max(table.begins[event], moments.get(table.parents[event], table.begins[event]))
    rank = {event: index for index, event in enumerate(placed)}
    return sorted(chain, key=lambda event: (moments[event], rank.get(event, len(rank))))


def _has_growing_places(chain: list[int], place_of: Mapping[int, int]) -> bool:
    places = [place_of.get(event, 0) for event in chain]
    return 0 not in places and all(map(lt, places, islice(places, 1, None)))


def was_recorded_at_end(table: EventTable, event: int) -> bool:
    """Whether the clock sent with an event is that of its end."""
    is_interval = table.finishes[event] > table.begins[event]
    return is_interval and table.times[event] > table.begins[event]


def _nested(table: EventTable, nodes: Nodes, chain: list[int], place_of: Mapping[int, int]) -> list[int]:
    if place_of:
        chain, last_inside = _opened(table, chain, place_of)
    else:
        last_inside = {}
    sequence: list[int] = []
    open_events: list[int] = []
    for index, event in enumerate(chain):
        while open_events and not _is_inside(table, event, open_events[-1], last_inside, index):
            sequence.append(nodes.ends[open_events.pop()])
        sequence.append(nodes.starts[event])
        if nodes.ends[event] != nodes.starts[event]:
            open_events.append(event)
    sequence.extend(nodes.ends[event] for event in reversed(open_events))
    return sequence


def _is_inside(table: EventTable, inner: int, outer: int, last_inside: Mapping[int, int], index: int) -> bool:
    """Whether `outer`, which is open, is still so at `inner`, the chain's event number `index`."""
    if outer in last_inside:
        return index <= last_inside[outer]
    if type(table.payloads[outer]) not in _CAN_CONTAIN:
        return False
    begin, finish = table.begins[inner], table.finishes[inner]
    if table.parents[inner] == outer:
        return begin <= table.finishes[outer]
    return begin < table.finishes[outer] >= finish


def _opened(
    table: EventTable, chain: list[int], place_of: Mapping[int, int]
) -> tuple[list[int], dict[int, int]]:
    """Move each event that was recorded at its end before all that began inside it.

    Returns the new sequence, and for each such event the index of the last one inside it.
    """
    firsts = list(range(len(chain)))
    outermost: list[int] = []
    for index, event in enumerate(chain):
        if event in place_of and was_recorded_at_end(table, event):
            can_contain = type(table.payloads[event]) in _CAN_CONTAIN
            while can_contain and outermost and _began_inside(table, chain[outermost[-1]], event):
                firsts[index] = firsts[outermost.pop()]
        outermost.append(index)
    order = sorted(range(len(chain)), key=lambda index: (firsts[index], -index))
    last_inside = {
        chain[recorded]: index + recorded - firsts[recorded]
        for index, recorded in enumerate(order)
        if chain[recorded] in place_of and was_recorded_at_end(table, chain[recorded])
    }
    return [chain[index] for index in order], last_inside


def _began_inside(table: EventTable, inner: int, outer: int) -> bool:
    return table.begins[inner] >= table.begins[outer] or table.parents[inner] == outer
