"""Writing windows (`raceway_core.across.window`): as little work per access as it takes.

Every access of every trace is written once more, and few are ever read back. So a table is a dict
from what repeats to its number, and clocks and lock stories are told apart by what they come from,
not by what is in them.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec

from raceway_core.access import Access, Variable
from raceway_core.across.handover import Around, LockStory, lock_stories
from raceway_core.across.turn_writer import turn_of
from raceway_core.across.window import Actor, Body, Row, SegmentClock
from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.event import AccessType
from raceway_core.evidence import change_of, thread_of
from raceway_core.identity import EVERYBODY, Lock, Process
from raceway_core.lockset import Hold
from raceway_core.race import Races
from raceway_core.result import Window
from raceway_core.touch import PackedTouches, Touches, pack_touches
from raceway_core.value import sent_values

_encoder = msgspec.msgpack.Encoder()

_Actor: TypeAlias = tuple[Process, str, str]
"""A process, its host and one of its threads: an `Actor` before it is written."""


def windows_of(
    graph: CausalGraph,
    clocks: Clocks,
    holds: Sequence[Hold],
    accesses: Mapping[Variable, Sequence[Access]],
    uncommitted: Container[int] = (),
    *,
    races: Mapping[Variable, Races] | None = None,
) -> tuple[Window, ...]:
    """Return a trace's window of each variable, sorted by variable.

    `holds` are those of the trace's locks. The accesses of a variable stand in a linear extension of
    happens-before; `uncommitted` are the transactions that prove nothing, and `races` those variables
    that have any inside the trace. Time: O(k).
    """
    events = (access.number for of_one in accesses.values() for access in of_one)
    writer = _Writer(graph, clocks, lock_stories(graph, clocks, holds, events), uncommitted)
    races = races or {}
    return tuple(
        writer.window(variable, accesses[variable], races.get(variable)) for variable in sorted(accesses)
    )


class _Tables:
    """What the rows of one window refer to, and by which number."""

    def __init__(self) -> None:
        self.actors: dict[_Actor, int] = {}
        self.locations: dict[str, int] = {}
        self.locksets: dict[tuple[Lock, ...], int] = {}
        self.clocks: dict[int, int] = {}
        self.stories: dict[int, int] = {}


class _Writer:
    """Writes the windows of one trace."""

    def __init__(
        self,
        graph: CausalGraph,
        clocks: Clocks,
        stories: Mapping[int, LockStory],
        uncommitted: Container[int],
    ) -> None:
        self._graph = graph
        self._clocks = clocks
        self._stories = stories
        self._story_by_id = {id(story): story for story in stories.values()}
        self._uncommitted = uncommitted
        self._segment_clocks: dict[int, SegmentClock] = {}

    def window(self, variable: Variable, accesses: Sequence[Access], races: Races | None) -> Window:
        """Return the window of one variable."""
        tables = _Tables()
        racing = races.racing if races else [False] * len(accesses)
        body = Body(
            rows=tuple([self._row(tables, *pair) for pair in zip(accesses, racing, strict=True)]),
            actors=tuple([Actor(*process, host, thread) for process, host, thread in tables.actors]),
            locations=tuple(tables.locations),
            locksets=tuple(tables.locksets),
            stories=((), *[self._story(story) for story in tables.stories]),
            clocks=tuple([self._segment_clocks[segment] for segment in tables.clocks]),
        )
        first_ns = min([access.start_ns for access in accesses])
        last_ns = max([access.end_ns for access in accesses])
        turn = turn_of(body, first_ns, last_ns)
        touches = _touches_of(variable, body, races.pair_count if races else 0)
        return Window(*variable, first_ns, last_ns, _encoder.encode(body), turn, touches)

    def _row(self, tables: _Tables, access: Access, is_racing: bool) -> Row:  # noqa: FBT001 -- data
        number, clocks = access.number, self._clocks
        change = change_of(self._graph, access)
        actor = (access.process, access.host, thread_of(self._graph.events[number]))
        story = self._stories.get(number)
        segment = clocks.segment(number)
        if segment not in self._segment_clocks:
            self._segment_clocks[segment] = self._segment_clock(number)
        return Row(
            access.event_id,
            access.access_type,
            access.start_ns,
            access.end_ns - access.start_ns,
            access.transaction,
            access.transaction not in self._uncommitted,
            access.is_scope_declared,
            access.version,
            sent_values(change),
            tables.actors.setdefault(actor, len(tables.actors)),
            tables.locations.setdefault(change.location, len(tables.locations)),
            tables.locksets.setdefault(access.lockset, len(tables.locksets)),
            tables.stories.setdefault(id(story), len(tables.stories) + 1) if story else 0,
            tables.clocks.setdefault(segment, len(tables.clocks)),
            clocks.position[number],
            is_racing,
        )

    def _segment_clock(self, event: int) -> SegmentClock:
        own = self._clocks.components[self._clocks.lane[event]]
        others = tuple([entry for entry in self._clocks.shown(event) if entry[0] != own])
        return SegmentClock(own, others)

    def _story(self, story: int) -> tuple[tuple[str, str, Around], ...]:
        return tuple((*lock, around) for lock, around in self._story_by_id[story].items())


def _touches_of(variable: Variable, body: Body, race_pairs: int) -> PackedTouches:
    kinds = tuple([row.access_type for row in body.rows])
    pack = _pack_few if len(kinds) <= _FEW else _pack
    if variable.scope_key == EVERYBODY:
        return pack(kinds, race_pairs, "", tuple(sorted({actor.service for actor in body.actors})))
    return pack(kinds, race_pairs, body.actors[0].service, ())


def _pack(
    kinds: Sequence[AccessType], race_pairs: int, owner: str, services: tuple[str, ...]
) -> PackedTouches:
    reads, writes = (sum([kind.reads for kind in kinds]), sum([kind.writes for kind in kinds]))
    return pack_touches(Touches(len(kinds), reads, writes, race_pairs, owner, services))


_FEW = 16
_pack_few = lru_cache(maxsize=4096)(_pack)
"""Most traces touch their variables in a few ways."""
