"""Program order: the one sequence in which the nodes of a chain happened.

Within a chain a parent comes before its descendants, whatever the stamps say, because stamps of one
process can run backwards by microseconds; between the others the earlier start comes first. A chain
does one thing at a time, so intervals on it nest or follow one another: an event lies inside an
open one if it finished in time, or is its child; else the open one is over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from raceway_core.event import AsyncAwait, Custom, DatabaseQuery, FunctionCall, HttpRequest, HttpResponse
from raceway_core.event_table import NONE, EventTable

_CAN_CONTAIN = frozenset({FunctionCall, HttpRequest, HttpResponse, DatabaseQuery, AsyncAwait, Custom})


class Nodes(NamedTuple):
    """The nodes of the events: `starts[e] == ends[e]` for a point event."""

    starts: Sequence[int]
    ends: Sequence[int]
    event_of: Sequence[int]


def nodes_of(table: EventTable) -> Nodes:
    """Number the nodes. Where all events are points, a node has its event's number."""
    if not table.has_intervals:
        numbers = range(len(table.events))
        return Nodes(numbers, numbers, numbers)
    starts, ends, event_of = [], [], list[int]()
    for event, (begin, finish) in enumerate(zip(table.begins, table.finishes, strict=True)):
        starts.append(len(event_of))
        event_of.append(event)
        if finish > begin:
            event_of.append(event)
        ends.append(len(event_of) - 1)
    return Nodes(starts, ends, event_of)


def start_order(table: EventTable) -> Sequence[int]:
    """Return all events, parents before their descendants, else by where they began."""
    numbers = range(len(table.events))
    if not table.has_intervals and all(map(int.__lt__, table.parents, numbers)):
        return numbers
    begins, depths = _begins_after_parents(table)
    keys = [
        (begin, depth, -finish, number)
        for number, (begin, depth, finish) in enumerate(zip(begins, depths, table.finishes, strict=True))
    ]
    return [key[3] for key in sorted(keys)]


def _begins_after_parents(table: EventTable) -> tuple[list[int], list[int]]:
    """Return for each event the greatest begin on its way from the root, and its depth."""
    begins, depths = list(table.begins), [0] * len(table.begins)
    for event in parents_first(table.parents):
        parent = table.parents[event]
        if parent != NONE:
            begins[event] = max(begins[event], begins[parent])
            depths[event] = depths[parent] + 1
    return begins, depths


def parents_first(parents: Sequence[int]) -> Iterable[int]:
    """Yield each event after its parent, in one pass. `parents` has no cycle."""
    if all(map(int.__lt__, parents, range(len(parents)))):
        yield from range(len(parents))
        return
    done = bytearray(len(parents))
    for event in range(len(parents)):
        waiting = []
        while event != NONE and not done[event]:
            done[event] = 1
            waiting.append(event)
            event = parents[event]  # noqa: PLW2901 - the walk towards the root
        yield from reversed(waiting)


def chain_nodes_of(
    table: EventTable, nodes: Nodes, chain_of: Sequence[int], order: Sequence[int], chains: int
) -> list[list[int]]:
    """Return for each chain its nodes in program order. Time: O(n)."""
    members: list[list[int]] = [[] for _ in range(chains)]
    for event in order:
        members[chain_of[event]].append(event)
    if not table.has_intervals:
        return members
    return [_nested(table, nodes, chain) for chain in members]


def _nested(table: EventTable, nodes: Nodes, chain: list[int]) -> list[int]:
    sequence: list[int] = []
    open_events: list[int] = []
    for event in chain:
        while open_events and not _contains(table, open_events[-1], event):
            sequence.append(nodes.ends[open_events.pop()])
        sequence.append(nodes.starts[event])
        if nodes.ends[event] != nodes.starts[event]:
            open_events.append(event)
    sequence.extend(nodes.ends[event] for event in reversed(open_events))
    return sequence


def _contains(table: EventTable, outer: int, inner: int) -> bool:
    begin, finish = table.begins[inner], table.finishes[inner]
    if type(table.payloads[outer]) not in _CAN_CONTAIN:
        return False
    if table.parents[inner] == outer:
        return begin <= table.finishes[outer]
    return begin < table.finishes[outer] >= finish
