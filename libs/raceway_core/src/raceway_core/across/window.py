"""Windows: what a trace hands over for the comparison of one variable with other traces.

A window holds the trace's accesses to the variable with everything that a verdict and a finding
need, so that no event is read again: values as sent, clocks, locksets, places, transactions and
the story of the locks around each access (`raceway_core.across.handover`). It is written for every
variable of every trace, and most are never looked at beyond their times; so what repeats is
written once and referred to by number, and clocks are kept per segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import msgspec

from raceway_core.access import Access, Variable
from raceway_core.across.handover import Around, LockStory
from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.evidence import held
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Lock, Process, place_of
from raceway_core.lockset import Lockset
from raceway_core.result import Window
from raceway_core.value import SentValues, read_in, value_of, written_in


class Actor(NamedTuple):
    """Who made an access."""

    service: str
    instance: str
    process_id: int
    host: str
    thread_id: str


class SegmentClock(NamedTuple):
    """The clock of a segment without its own component, whose value each access has."""

    own: str
    others: tuple[tuple[str, int], ...]


class Row(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One access. `actor` to `clock` are numbers in the tables of the body.

    `is_racing` tells whether it races inside its trace.
    """

    event_id: EventId
    access_type: AccessType
    start_ns: int
    duration_ns: int
    transaction: int
    is_committed: bool
    is_scope_declared: bool
    version: int | None
    sent: SentValues
    actor: int
    location: int
    lockset: int
    story: int
    clock: int
    position: int
    is_racing: bool = False


class Body(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What `Window.body` holds. The first story is that of an access around which no lock was."""

    rows: tuple[Row, ...]
    actors: tuple[Actor, ...]
    locations: tuple[str, ...]
    locksets: tuple[tuple[Lock, ...], ...]
    stories: tuple[tuple[tuple[str, str, Around], ...], ...]
    clocks: tuple[SegmentClock, ...]


_decoder = msgspec.msgpack.Decoder(Body)


class Opened:
    """A window that was read back: `accesses` in their order, with what belongs to each.

    `rows` are what is written of them, from which they are made only when they are asked for: of
    most windows a glance at the rows is enough (`raceway_core.across.glance`).
    """

    def __init__(self, trace_id: TraceId, window: Window) -> None:
        self._trace_id = trace_id
        self._variable = Variable(window.variable, window.scope)
        self._body = _decoder.decode(window.body)
        self.first_ns = window.first_ns
        self.last_ns = window.last_ns
        self.rows: Sequence[Row] = self._body.rows

    @cached_property
    def processes(self) -> Sequence[Process]:
        """The processes of the accesses; some may be equal."""
        return [Process(actor.service, actor.instance, actor.process_id) for actor in self._body.actors]

    @cached_property
    def stories(self) -> Sequence[LockStory]:
        """The stories of the locks that `story` returns."""
        return [
            {(name, scope_key): around for name, scope_key, around in story} for story in self._body.stories
        ]

    @cached_property
    def accesses(self) -> Sequence[Access]:
        """The accesses; an access's `number` is its place among them."""
        return [self._access(number, row) for number, row in enumerate(self.rows)]

    def lockset(self, row: Row) -> Lockset:
        """Return the locks that were held at one of `rows`."""
        return self._body.locksets[row.lockset]

    def story(self, number: int) -> LockStory:
        """Return the story of the locks around an access of this window."""
        return self.stories[self.rows[number].story]

    def is_committed(self, number: int) -> bool:
        """Whether an access is known to have taken effect."""
        return self.rows[number].is_committed

    def happens_before(self, first: int, second: int) -> bool:
        """Whether one access of this window is known to happen before another, by their clocks."""
        mine, theirs = self.rows[first], self.rows[second]
        own, known = self._body.clocks[mine.clock].own, self._body.clocks[theirs.clock]
        if known.own == own:
            return mine.position < theirs.position
        return dict(known.others).get(own, 0) >= mine.position

    def evidence(self, number: int) -> AccessEvidence:
        """Return an access of this window as a reader needs to see it."""
        row = self.rows[number]
        actor, clock = self._body.actors[row.actor], self._body.clocks[row.clock]
        return AccessEvidence(
            event_id=row.event_id,
            trace_id=self._trace_id,
            time_ns=row.start_ns + row.duration_ns,
            variable=self._variable.name,
            access_type=row.access_type,
            service=actor.service,
            instance=actor.instance or None,
            process_id=actor.process_id,
            thread_id=actor.thread_id,
            location=self._body.locations[row.location],
            old_value=value_of(row.sent.old),
            new_value=value_of(row.sent.new),
            version=row.version,
            lockset=held(self._body.locksets[row.lockset]),
            clock=tuple(sorted((*clock.others, (clock.own, row.position)))),
        )

    def _access(self, number: int, row: Row) -> Access:
        return Access(
            trace_id=self._trace_id,
            event_id=row.event_id,
            number=number,
            variable=self._variable,
            access_type=row.access_type,
            place=place_of(self._body.locations[row.location]),
            start_ns=row.start_ns,
            end_ns=row.start_ns + row.duration_ns,
            process=self.processes[row.actor],
            host=self._body.actors[row.actor].host,
            transaction=row.transaction,
            lockset=self._body.locksets[row.lockset],
            read=read_in(row.access_type, row.sent),
            written=written_in(row.access_type, row.sent),
            version=row.version,
            is_scope_declared=row.is_scope_declared,
        )
