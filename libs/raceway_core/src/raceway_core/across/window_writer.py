"""Writing windows (`raceway_core.across.window`): as little work per access as it takes.

Every access of every trace is written once more, and few are ever shown. So a table is a dict from
what repeats to its number, and clocks and lock stories are told apart by what they come from, not
by what is in them.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from struct import pack
from typing import TypeAlias

import msgspec

from raceway_core.access import Access, Variable
from raceway_core.across.deed_writer import deed_key_of
from raceway_core.across.handover import Around, LockStory, lock_stories
from raceway_core.across.turn_writer import turn_of
from raceway_core.across.window import ABSENT, Actor, Body, Detail, Details, SegmentClock, Shape, Stand
from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.deed_key import is_split
from raceway_core.event import AccessType
from raceway_core.evidence import change_of, task_of, thread_of
from raceway_core.identity import EVERYBODY, Lock, Process
from raceway_core.lockset import Hold
from raceway_core.race import Races
from raceway_core.result import Window
from raceway_core.touch import PackedTouches, Touches, pack_touches
from raceway_core.turn import NO_TURN
from raceway_core.value import code_of, sent_values

_encode = msgspec.msgpack.Encoder().encode

_Actor: TypeAlias = tuple[Process, str]
"""A process and its host: an `Actor` before it is written."""


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
    """What the accesses of one window refer to, and by which number."""

    def __init__(self) -> None:
        self.transactions: dict[int, int] = {}
        self.actors: dict[_Actor, int] = {}
        self.locations: dict[str, int] = {}
        self.locksets: dict[tuple[Lock, ...], int] = {}
        self.stories: dict[int, int] = {}
        self.threads: dict[str, int] = {}
        self.clocks: dict[int, int] = {}
        self.numbers: list[int] = []


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
        details = tuple([self._detail(tables, *pair) for pair in zip(accesses, racing, strict=True)])
        shape = self._shape(tables, accesses)
        numbers = tables.numbers
        for story in tables.stories:
            for around in self._story_by_id[story].values():
                numbers.extend(_stamps(around))
        segment_clocks = tuple([self._segment_clocks[segment] for segment in tables.clocks])
        packed = _encode(shape)
        body = Body(
            packed,
            pack(f"<{len(numbers)}q", *numbers),
            _encode(Details(details, tuple(tables.threads), segment_clocks)),
        )
        first_ns = min([access.start_ns for access in accesses])
        last_ns = max([access.end_ns for access in accesses])
        deeds = deed_key_of(shape, packed, numbers)
        turn = NO_TURN if is_split(deeds) else turn_of(shape, accesses, first_ns, last_ns)
        touches = _touches_of(variable, shape, races.pair_count if races else 0)
        return Window(*variable, first_ns, last_ns, _encode(body), turn, touches, deeds)

    def _shape(self, tables: _Tables, accesses: Sequence[Access]) -> Shape:
        return Shape(
            stands=tuple([self._stand(tables, access) for access in accesses]),
            actors=tuple([Actor(*process, host) for process, host in tables.actors]),
            locations=tuple(tables.locations),
            locksets=tuple(tables.locksets),
            stories=((), *[tuple(self._story_by_id[story]) for story in tables.stories]),
        )

    def _stand(self, tables: _Tables, access: Access) -> Stand:
        story = self._stories.get(access.number)
        location = change_of(self._graph, access).location
        return Stand(
            access.access_type,
            tables.transactions.setdefault(access.transaction, len(tables.transactions)),
            access.transaction not in self._uncommitted,
            access.is_scope_declared,
            tables.actors.setdefault((access.process, access.host), len(tables.actors)),
            tables.locations.setdefault(location, len(tables.locations)),
            tables.locksets.setdefault(access.lockset, len(tables.locksets)),
            tables.stories.setdefault(id(story), len(tables.stories) + 1) if story else 0,
        )

    def _detail(self, tables: _Tables, access: Access, is_racing: bool) -> Detail:  # noqa: FBT001 -- data
        """Return what is only shown of an access; its numbers go to the tables."""
        number, clocks = access.number, self._clocks
        version = ABSENT if access.version is None else access.version
        codes = code_of(access.read), code_of(access.written)
        tables.numbers += (access.start_ns, access.end_ns, version, *codes)
        thread, segment = thread_of(self._graph.events[number]), clocks.segment(number)
        if segment not in self._segment_clocks:
            self._segment_clocks[segment] = self._segment_clock(number)
        return Detail(
            access.event_id,
            sent_values(change_of(self._graph, access)),
            tables.threads.setdefault(thread, len(tables.threads)),
            tables.clocks.setdefault(segment, len(tables.clocks)),
            clocks.position[number],
            is_racing,
        )

    def _segment_clock(self, event: int) -> SegmentClock:
        own = self._clocks.components[self._clocks.lane[event]]
        others = tuple([entry for entry in self._clocks.shown(event) if entry[0] != own])
        return SegmentClock(own, others, task_of(self._graph.events[event]))


def _stamps(around: Around) -> list[int]:
    numbers: list[int] = []
    for stamp in around:
        grant, time_ns = (None, ABSENT) if stamp is None else stamp
        numbers += (ABSENT if grant is None else int(grant), time_ns)
    return numbers


def _touches_of(variable: Variable, shape: Shape, race_pairs: int) -> PackedTouches:
    kinds = tuple([stand.access_type for stand in shape.stands])
    pack_kinds = _pack_few if len(kinds) <= _FEW else _pack
    if variable.scope_key == EVERYBODY:
        return pack_kinds(kinds, race_pairs, "", tuple(sorted({actor.service for actor in shape.actors})))
    return pack_kinds(kinds, race_pairs, shape.actors[0].service, ())


def _pack(
    kinds: Sequence[AccessType], race_pairs: int, owner: str, services: tuple[str, ...]
) -> PackedTouches:
    reads, writes = (sum([kind.reads for kind in kinds]), sum([kind.writes for kind in kinds]))
    return pack_touches(Touches(len(kinds), reads, writes, race_pairs, owner, services))


_FEW = 16
_pack_few = lru_cache(maxsize=4096)(_pack)
"""Most traces touch their variables in a few ways."""
