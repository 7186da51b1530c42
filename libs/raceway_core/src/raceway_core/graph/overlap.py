"""Tracks: what one strand did at the same time, told from the intervals of its events.

A thread does one thing at a time, so the intervals on it nest or follow one another. Where two that
were measured (`start_ns` was sent) cross, neither containing the other, the strand was not one
thread of control. Stamps have a resolution, and only what crosses by more than that proves anything.

A plain span names neither a thread nor a task. The children of one parent are one track as long as
they do not overlap; those that overlap, also where one contains the other, are concurrent. Where the
parent is of the same process and encloses them it is their track, as a caller is that of its calls.
What is detached from its parent (`raceway_core.graph.detached`) is a track of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import TypeAlias

from raceway_core.event import Span
from raceway_core.graph.event_table import NONE, EventTable
from raceway_core.graph.parent_order import parents_first, start_order

Track: TypeAlias = tuple[int, int]
"""The parent whose children opened the track (NONE on a thread), and a number."""

_RESOLUTIONS_NS = (1_000_000, 1_000)


def tracks_of(
    table: EventTable, strand_of: Sequence[int], detached: frozenset[int] = frozenset()
) -> dict[int, Track]:
    """Return the track of each event that is not on the first track of a thread.

    Time: O(n log n).
    """
    if not table.has_intervals and not table.payloads.numbers(Span):
        return {}
    measured, plain = _by_strand(table, strand_of)
    tracks: dict[int, Track] = {}
    for strand, events in measured.items():
        resolution = _resolution_ns(table, events)
        if any(_crossings(table, events, resolution)):
            members = [event for event in start_order(table) if strand_of[event] == strand]
            tracks.update(_thread_tracks(table, members, resolution))
    if plain:
        _add_plain_tracks(table, plain, tracks, detached)
    return tracks


def _by_strand(
    table: EventTable, strand_of: Sequence[int]
) -> tuple[dict[int, list[int]], dict[int, dict[int, list[int]]]]:
    """Return the measured intervals by strand, and the plain spans by parent and strand.

    Both are in the order in which they began.
    """
    measured: dict[int, list[int]] = {}
    plain: dict[int, dict[int, list[int]]] = {}
    for event in sorted(range(len(strand_of)), key=lambda event: (table.begins[event], event)):
        if not table.strands[table.strand_of[event]].name:
            if _is_plain(table, event):
                siblings = plain.setdefault(table.parents[event], {})
                siblings.setdefault(strand_of[event], []).append(event)
        elif _is_measured(table, event):
            measured.setdefault(strand_of[event], []).append(event)
    return measured, plain


def _is_plain(table: EventTable, event: int) -> bool:
    parent = table.parents[event]
    return _is_span(table, event) or (parent != NONE and _is_span(table, parent))


def _is_span(table: EventTable, event: int) -> bool:
    return _is_interval(table, event) or type(table.payloads[event]) is Span


def _is_interval(table: EventTable, event: int) -> bool:
    return table.finishes[event] > table.begins[event]


def _is_measured(table: EventTable, event: int) -> bool:
    return _is_interval(table, event) and table.events[event].metadata.start_ns is not None


def _resolution_ns(table: EventTable, events: Sequence[int]) -> int:
    stamps = [table.begins[event] for event in events] + [table.finishes[event] for event in events]
    for resolution in _RESOLUTIONS_NS:
        if not any(stamp % resolution for stamp in stamps):
            return resolution
    return 1


def _crossings(table: EventTable, events: Sequence[int], resolution: int) -> Iterator[bool]:
    """Tell for each of `events`, in the order of their begins, whether it crosses an earlier one."""
    nest: list[int] = []
    for event in events:
        yield not _fits(table, nest, event, resolution)


def _fits(table: EventTable, nest: list[int], event: int, resolution: int) -> bool:
    """Put `event` into the open intervals of `nest` unless it crosses the innermost one."""
    begin, finish = table.begins[event], table.finishes[event]
    while nest and table.finishes[nest[-1]] <= begin + resolution:
        nest.pop()
    if nest and _crosses(table, nest[-1], begin, finish, resolution):
        return False
    nest.append(event)
    return True


def _crosses(table: EventTable, outer: int, begin: int, finish: int, resolution: int) -> bool:
    began_later = begin - table.begins[outer] > resolution
    return began_later and finish - table.finishes[outer] > resolution


def _thread_tracks(table: EventTable, members: Sequence[int], resolution: int) -> dict[int, Track]:
    """Give each member the track of its parent, else one it fits, else a new one."""
    nests: list[list[int]] = [[]]
    over: list[tuple[int, int]] = []
    track_of: dict[int, int] = {}
    for event in members:
        preferred = track_of.get(table.parents[event], 0)
        if not _is_measured(table, event) or _fits(table, nests[preferred], event, resolution):
            track_of[event] = preferred
            continue
        track = _free_track(table, nests, over, event, resolution)
        heappush(over, (table.finishes[event], track))
        track_of[event] = track
    return {event: (NONE, track) for event, track in track_of.items() if track}


def _free_track(
    table: EventTable, nests: list[list[int]], over: list[tuple[int, int]], event: int, resolution: int
) -> int:
    """Put `event` on a track whose intervals are over, or on a new one."""
    while over and over[0][0] <= table.begins[event] + resolution:
        _, track = heappop(over)
        if _fits(table, nests[track], event, resolution):
            return track
    nests.append([event])
    return len(nests) - 1


def _add_plain_tracks(
    table: EventTable,
    plain: Mapping[int, Mapping[int, Sequence[int]]],
    tracks: dict[int, Track],
    detached: frozenset[int],
) -> None:
    tracks.update((event, (event, 0)) for event in detached)
    for parent in (NONE, *parents_first(table.parents)):
        for strand, siblings in plain.get(parent, {}).items():
            is_local = parent != NONE and table.strand_of[parent] == strand
            home = tracks.get(parent) if is_local else None
            attached = [event for event in siblings if event not in detached] if detached else siblings
            tracks.update(_sibling_tracks(table, parent, attached, home))


def _sibling_tracks(
    table: EventTable, parent: int, siblings: Sequence[int], home: Track | None
) -> Iterator[tuple[int, Track]]:
    """Partition siblings, in the order of their begins, into `home` and as few others as can be."""
    free: list[tuple[int, int]] = []
    opened = 0
    home_end = table.begins[parent] if home else 0
    for event in siblings:
        begin, finish = table.begins[event], table.finishes[event]
        if home and home_end <= begin and finish <= table.finishes[parent]:
            yield event, home
            home_end = finish
            continue
        if free and free[0][0] <= begin:
            _, track = heappop(free)
        else:
            opened += 1
            track = opened
        yield event, (parent, track)
        heappush(free, (finish, track))
