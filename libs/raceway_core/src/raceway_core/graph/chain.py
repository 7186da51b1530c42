"""Chains: what really ran one after another. A chain is one component of a vector clock.

Events say where they ran, in a task or on a thread: a strand (`raceway_core.graph.event_table`). A strand
is a chain unless its events prove otherwise:

    spawn scopes   what descends from an AsyncSpawn is another task      (`raceway_core.graph.spawn_scope`)
    intervals      measured intervals cross, or plain spans overlap      (`raceway_core.graph.overlap`)
    places         two events carry the same own clock value             (`raceway_core.graph.clock_check`)

Where its events have places on a valid clock, only these decide.

Several threads are one chain where the events of a process form one line of parents: a task
that hops between threads. Sharing a parent never splits, and neither does a mere duration. An
OS thread that runs many tasks is not a chain: treating it as one would hide races.

Source: Raychev, Vechev, Sridharan 2013, "Effective race detection for event-driven programs".
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from raceway_core.graph.event_table import NONE, EventTable
from raceway_core.graph.overlap import tracks_of
from raceway_core.graph.spawn_scope import spawn_scopes
from raceway_core.identity import Process, host_of


class Chain(msgspec.Struct, frozen=True, gc=False):
    """What really ran one after another. `component` names it in a clock that is shown."""

    process: Process
    host: str
    name: str
    component: str


class Chains(NamedTuple):
    """`of_event` is each event's chain. `scopes` has the chains that descend from an AsyncSpawn.

    `lines` counts the processes whose threads form one line of parents.
    """

    of_event: Sequence[int]
    chains: list[Chain]
    scopes: Mapping[int, list[int]]
    lines: int


def chains_of(
    table: EventTable,
    place_of: Mapping[int, int],
    copies: Mapping[int, int],
    detached: frozenset[int] = frozenset(),
) -> Chains:
    """Return the chains.

    `place_of` has the events that have a place on a clock: their strands are as they say. `copies`
    numbers those that repeat the place of another. `detached` are spans that their parents did not wait for.

    Time: O(n log n), O(n) where nothing splits.
    """
    placed = {table.strand_of[event] for event in place_of}
    of_line = {} if placed else _lines(table)
    strand_of = [of_line.get(strand, strand) for strand in table.strand_of] if of_line else table.strand_of
    scope_of = spawn_scopes(table)
    track_of = tracks_of(table, strand_of, detached)
    if not (of_line or scope_of or track_of or copies):
        return Chains(strand_of, _named(table, strand_of), {}, 0)
    keys = [
        (strand, None, None, copies.get(event))
        if strand in placed
        else (strand, scope_of.get(event), track_of.get(event), None)
        for event, strand in enumerate(strand_of)
    ]
    of_event = _numbered(keys)
    scopes: dict[int, list[int]] = {}
    for event, (spawn, _) in scope_of.items():
        if strand_of[event] not in placed and of_event[event] not in scopes.setdefault(spawn, []):
            scopes[spawn].append(of_event[event])
    return Chains(of_event, _named(table, of_event), scopes, len(set(of_line.values())))


def _numbered(keys: Sequence[Hashable]) -> list[int]:
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(key, len(numbers)) for key in keys]


def _lines(table: EventTable) -> dict[int, int]:
    """Return the strands that are part of a line of parents, each with the line's first strand."""
    if len(table.strands) == 1:
        return {}
    by_process: dict[Process, list[int]] = {}
    for number, strand in enumerate(table.strands):
        by_process.setdefault(strand.process, []).append(number)
    lines = {}
    for strands in by_process.values():
        threads_only = all(table.strands[strand].thread_id for strand in strands)
        if len(strands) > 1 and threads_only and _is_line(table, set(strands)):
            lines.update(dict.fromkeys(strands, strands[0]))
    return lines


def _is_line(table: EventTable, strands: set[int]) -> bool:
    """Whether the events on `strands` are one line: one root, and nobody has two children."""
    parents = [
        parent if parent != NONE and table.strand_of[parent] in strands else NONE
        for event, parent in enumerate(table.parents)
        if table.strand_of[event] in strands
    ]
    return len(set(parents)) == len(parents)


def _named(table: EventTable, of_event: Sequence[int]) -> list[Chain]:
    """Return the chains in the order of their numbers. A suffix tells those of one name apart."""
    count = len(of_event)
    first_of = dict(zip(reversed(of_event), range(count - 1, -1, -1), strict=True))
    namesakes: dict[str, int] = {}
    chains = []
    for number in range(len(first_of)):
        first = first_of[number]
        strand = table.strands[table.strand_of[first]]
        component = strand.component
        namesakes[component] = same = namesakes.get(component, 0) + 1
        host = host_of(table.events[first].metadata, strand.process)
        component = component if same == 1 else f"{component}~{same}"
        chains.append(Chain(strand.process, host, strand.name, component))
    return chains
