"""Windows: what a trace hands over for the comparison of one variable with other traces.

A window holds the trace's accesses to the variable with everything that a verdict and a finding
need, so that no event is read again. It is written for every variable of every trace; ten thousand
of one variable are compared at once, and few of them are ever shown. So a window has three parts:

    shape      what every trace shares that ran the same code in the same process under the same
               locks: equal bytes, read once for all of them
    numbers    what differs and is compared: stamps, versions, codes of values, the story of the
               locks around each access (`raceway_core.across.handover`)
    details    what differs and is only shown: event ids, values as sent, threads, tasks, clocks

`raceway_core.across.accesses` compares shapes and numbers; `Opened` reads one whole window.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec
import numpy as np

from raceway_core.access import Access, Variable
from raceway_core.across.handover import Around, LockStory, Stamp
from raceway_core.counting.interval_count import Integers
from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.evidence import held
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Process, place_of
from raceway_core.lockset import LockKey, Lockset
from raceway_core.result import Window
from raceway_core.value import SentValues, read_in, value_of, written_in

ABSENT = -(2**63)
"""In place of a number that there is not."""

ACCESS_NUMBERS = 5
"""Of each access: start_ns, end_ns, version, and the codes of the value read and written."""

STAMP_NUMBERS = 8
"""Of each lock of a story: grant and time_ns of the four stamps of an `Around`."""


class Actor(NamedTuple):
    """The process that made an access, and its host."""

    service: str
    instance: str
    process_id: int
    host: str

    @property
    def process(self) -> Process:
        """The process without its host."""
        return Process(self.service, self.instance, self.process_id)


class Stand(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is the same of an access in every trace of a shape.

    `actor` to `story` are numbers in the tables of the shape, and `transaction` is one of its own.
    """

    access_type: AccessType
    transaction: int
    is_committed: bool
    is_scope_declared: bool
    actor: int
    location: int
    lockset: int
    story: int


class Shape(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What windows of the same code have in common.

    A story is the locks that it tells of; the first is that of an access around which was none.
    """

    stands: tuple[Stand, ...]
    actors: tuple[Actor, ...]
    locations: tuple[str, ...]
    locksets: tuple[Lockset, ...]
    stories: tuple[tuple[LockKey, ...], ...]


class SegmentClock(NamedTuple):
    """The clock of a segment without its own component, whose value each access has.

    `task` is that of the segment, whose events all name the same; its lane may have others too.
    """

    own: str
    others: tuple[tuple[str, int], ...]
    task: str


class Detail(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is only shown of an access. `thread` and `clock` are numbers in the tables of `Details`.

    `is_racing` tells whether it races inside its trace.
    """

    event_id: EventId
    sent: SentValues
    thread: int
    clock: int
    position: int
    is_racing: bool = False


class Details(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What is only shown of a window."""

    accesses: tuple[Detail, ...]
    threads: tuple[str, ...]
    clocks: tuple[SegmentClock, ...]


class Body(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What `Window.body` holds. `numbers` are 64-bit integers, little end first."""

    shape: bytes
    numbers: bytes
    details: bytes


read_body = msgspec.msgpack.Decoder(Body).decode
read_details = msgspec.msgpack.Decoder(Details).decode
_shape = msgspec.msgpack.Decoder(Shape)


@lru_cache(maxsize=1024)
def read_shape(shape: bytes) -> Shape:
    """Return the shape that was written."""
    return _shape.decode(shape)


def read_numbers(numbers: bytes) -> Integers:
    """Return the numbers that were written, in a row."""
    return np.frombuffer(numbers, dtype="<i8").astype(np.int64, copy=False)


class Opened:
    """A window that was read back: `accesses` in their order, with what belongs to each."""

    def __init__(self, trace_id: TraceId, window: Window) -> None:
        self._trace_id = trace_id
        self._variable = Variable(window.variable, window.scope)
        body = read_body(window.body)
        self._shape = read_shape(body.shape)
        self._details = read_details(body.details)
        numbers = read_numbers(body.numbers)
        size = len(self._shape.stands) * ACCESS_NUMBERS
        self._numbers: list[list[int]] = numbers[:size].reshape(-1, ACCESS_NUMBERS).tolist()
        self._stamps: list[list[int]] = numbers[size:].reshape(-1, STAMP_NUMBERS).tolist()

    @cached_property
    def accesses(self) -> Sequence[Access]:
        """The accesses; an access's `number` is its place among them."""
        return [self._access(number) for number in range(len(self._shape.stands))]

    @cached_property
    def _stories(self) -> Sequence[LockStory]:
        stamps = iter(self._stamps)
        return [{lock: _around(next(stamps)) for lock in story} for story in self._shape.stories]

    def story(self, number: int) -> LockStory:
        """Return the story of the locks around an access of this window."""
        return self._stories[self._shape.stands[number].story]

    def is_racing(self, number: int) -> bool:
        """Whether an access races inside its trace."""
        return self._details.accesses[number].is_racing

    def is_committed(self, number: int) -> bool:
        """Whether an access is known to have taken effect."""
        return self._shape.stands[number].is_committed

    def happens_before(self, first: int, second: int) -> bool:
        """Whether one access of this window is known to happen before another, by their clocks."""
        mine, theirs = self._details.accesses[first], self._details.accesses[second]
        own, known = self._details.clocks[mine.clock].own, self._details.clocks[theirs.clock]
        if known.own == own:
            return mine.position < theirs.position
        return dict(known.others).get(own, 0) >= mine.position

    def evidence(self, number: int) -> AccessEvidence:
        """Return an access of this window as a reader needs to see it."""
        access, detail = self.accesses[number], self._details.accesses[number]
        clock = self._details.clocks[detail.clock]
        return AccessEvidence(
            event_id=access.event_id,
            trace_id=access.trace_id,
            time_ns=access.end_ns,
            variable=self._variable.name,
            access_type=access.access_type,
            service=access.process.service,
            instance=access.process.instance or None,
            process_id=access.process.process_id,
            thread_id=self._details.threads[detail.thread],
            location=self._shape.locations[self._shape.stands[number].location],
            old_value=value_of(detail.sent.old),
            new_value=value_of(detail.sent.new),
            version=access.version,
            lockset=held(access.lockset),
            clock=tuple(sorted((*clock.others, (clock.own, detail.position)))),
            task=clock.task,
        )

    def _access(self, number: int) -> Access:
        stand, detail = self._shape.stands[number], self._details.accesses[number]
        start_ns, end_ns, version, _, _ = self._numbers[number]
        actor = self._shape.actors[stand.actor]
        return Access(
            trace_id=self._trace_id,
            event_id=detail.event_id,
            number=number,
            variable=self._variable,
            access_type=stand.access_type,
            place=place_of(self._shape.locations[stand.location]),
            start_ns=start_ns,
            end_ns=end_ns,
            process=actor.process,
            host=actor.host,
            transaction=stand.transaction,
            lockset=self._shape.locksets[stand.lockset],
            read=read_in(stand.access_type, detail.sent),
            written=written_in(stand.access_type, detail.sent),
            version=None if version == ABSENT else version,
            is_scope_declared=stand.is_scope_declared,
        )


def _around(numbers: Sequence[int]) -> Around:
    return Around(*(_stamp(*numbers[place : place + 2]) for place in range(0, STAMP_NUMBERS, 2)))


def _stamp(grant: int, time_ns: int) -> Stamp | None:
    return None if time_ns == ABSENT else Stamp(None if grant == ABSENT else grant, time_ns)
