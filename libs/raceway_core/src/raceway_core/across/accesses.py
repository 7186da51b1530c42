"""The accesses of one run: what its windows hold, seen as one history of one variable.

Ten thousand windows are compared at once, so what is asked of all accesses is a column: an array
with one entry per access, those of a trace next to each other, in a linear extension of its
happens-before. Most windows come from few places of the code: what is the same in all of them, the
*role* of an access, is read once (`raceway_core.across.window`). An access as an object is made only
when it is asked for.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

import numpy as np

from raceway_core.access import Access
from raceway_core.across.window import (
    ABSENT,
    ACCESS_NUMBERS,
    STAMP_NUMBERS,
    Actor,
    Opened,
    Shape,
    Stand,
    read_body,
    read_numbers,
    read_shape,
)
from raceway_core.counting.fingerprint import Side
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.event import TraceId
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Process, place_of
from raceway_core.lockset import LockKey, Lockset
from raceway_core.result import Window


class Role(NamedTuple):
    """What an access is wherever the same code ran in the same process."""

    side: Side
    lockset: Lockset
    actor: Actor
    is_committed: bool
    is_scope_declared: bool


class StoryColumn(NamedTuple):
    """What happened to a lock around some accesses, given by number: a row of stamps for each."""

    lock: LockKey
    process: Process
    accesses: Integers
    stamps: Integers


class Block(NamedTuple):
    """The windows of one shape: the numbers of their accesses and their stamps, a row per window."""

    shape: Shape
    accesses: Integers
    stamps: Integers


class RunAccesses:
    """All accesses of a run. The number of an access is its place in every column.

    `traces` are sorted, and `trace` has the places of the accesses' own among them. `versions` are
    ABSENT where there is none, `reads` and `writes` are codes of values (`value.code_of`).
    `transaction` numbers the transactions, those of a trace next to each other. `role` is a place in
    `roles`. `blocks` are the windows by shape.

    `new_traces` are the traces whose window begins in the span that is counted: of two windows the
    later one tells where their pairs are counted, so one of the two must be among them.
    """

    def __init__(self, windows: Mapping[TraceId, Window], new_traces: Set[TraceId]) -> None:
        self.traces = sorted(windows)
        self._windows = [windows[trace_id] for trace_id in self.traces]
        self._opened: dict[int, Opened] = {}
        self.blocks: list[Block] = []
        self.shape: Integers = np.empty(len(self.traces), dtype=np.int64)
        self._read(list(_by_shape(self._windows)))
        is_new = np.array([trace_id in new_traces for trace_id in self.traces], dtype=np.bool_)
        self.is_new: Flags = is_new[self.trace]

    def _read(self, groups: Sequence[tuple[Shape, Integers, Integers]]) -> None:
        sizes = np.zeros(len(self.traces), dtype=np.int64)
        for shape, members, _ in groups:
            sizes[members] = len(shape.stands)
        self._begins: Integers = np.concatenate(([0], np.cumsum(sizes)))
        self.trace: Integers = np.repeat(np.arange(len(sizes)), sizes)
        columns = np.empty((int(self._begins[-1]), ACCESS_NUMBERS), dtype=np.int64)
        self.role: Integers = np.empty(len(columns), dtype=np.int64)
        local = np.empty(len(columns), dtype=np.int64)
        numbered: dict[Role, int] = {}
        for shape, members, numbers in groups:
            size = len(shape.stands)
            accesses = self._begins[members][:, np.newaxis] + np.arange(size)
            columns[accesses] = numbers[:, : size * ACCESS_NUMBERS].reshape(-1, size, ACCESS_NUMBERS)
            roles = [numbered.setdefault(role, len(numbered)) for role in _roles_of(shape)]
            self.role[accesses] = np.array(roles, dtype=np.int64)
            local[accesses] = np.array([stand.transaction for stand in shape.stands], dtype=np.int64)
            self.shape[members] = len(self.blocks)
            self.blocks.append(Block(shape, accesses, numbers[:, size * ACCESS_NUMBERS :]))
        self.roles = list(numbered)
        self.starts, self.ends, self.versions, self.reads, self.writes = columns.T.copy()
        self.transaction: Integers = self._transactions(local)

    def _transactions(self, local: Integers) -> Integers:
        """Number the transactions; `local` has each access's number among those of its trace."""
        last = np.zeros(len(self.traces), dtype=np.int64)
        np.maximum.at(last, self.trace, local)
        self._first_transactions: Integers = np.concatenate(([0], np.cumsum(last + 1)))
        numbers: Integers = self._first_transactions[self.trace] + local
        return numbers

    @property
    def shapes(self) -> Sequence[Shape]:
        """The distinct shapes of the windows; `shape` has the place of each trace's among them."""
        return [block.shape for block in self.blocks]

    def roles_of(self, shape: int) -> list[Role]:
        """Return the roles of the accesses of a shape, given by its place."""
        return list(_roles_of(self.blocks[shape].shape))

    @property
    def transaction_count(self) -> int:
        """How many transactions there are."""
        return int(self._first_transactions[-1])

    @property
    def is_written(self) -> Flags:
        """Tell of each access whether it writes."""
        return self.flags(role.side.access_type.writes for role in self.roles)

    @property
    def is_read(self) -> Flags:
        """Tell of each access whether it reads."""
        return self.flags(role.side.access_type.reads for role in self.roles)

    @property
    def is_committed(self) -> Flags:
        """Tell of each access whether it is known to have taken effect."""
        return self.flags(role.is_committed for role in self.roles)

    @property
    def is_versioned(self) -> Flags:
        """Tell of each access whether its version is known."""
        flags: Flags = self.versions != ABSENT
        return flags

    def flags(self, of_roles: Iterable[bool]) -> Flags:
        """Return what is said of the roles for each access."""
        return np.array(list(of_roles), dtype=np.bool_)[self.role]

    def window_times(self) -> tuple[Integers, Integers]:
        """Return when the windows began and ended, by trace."""
        firsts = np.array([window.first_ns for window in self._windows], dtype=np.int64)
        return firsts, np.array([window.last_ns for window in self._windows], dtype=np.int64)

    def stories(self) -> Iterator[StoryColumn]:
        """Yield the stories of all locks around all accesses."""
        for shape, accesses, stamps in self.blocks:
            column = 0
            for number, locks in enumerate(shape.stories):
                for lock in locks:
                    around = stamps[:, column : column + STAMP_NUMBERS]
                    column += STAMP_NUMBERS
                    for place, stand in enumerate(shape.stands):
                        if stand.story == number:
                            process = shape.actors[stand.actor].process
                            yield StoryColumn(lock, process, accesses[:, place], around)

    def access(self, number: int) -> Access:
        """Return an access as an object; its own `number` is its place in its window."""
        trace = int(self.trace[number])
        return self._open(trace).accesses[number - int(self._begins[trace])]

    def accesses(self, numbers: Iterable[int]) -> list[Access]:
        """Return some accesses as objects."""
        return [self.access(number) for number in numbers]

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader needs to see it."""
        return self._open(self._place(access.trace_id)).evidence(access.number)

    def of_transaction(self, access: Access) -> Integers:
        """Return the accesses of an access's transaction, by number."""
        trace = self._place(access.trace_id)
        begin, end = int(self._begins[trace]), int(self._begins[trace + 1])
        wanted = self._first_transactions[trace] + access.transaction
        return begin + np.flatnonzero(self.transaction[begin:end] == wanted)

    def are_compared(self, first: Access, second: Access) -> bool:
        """Whether a pair is counted here: of two traces, one of which begins in this span."""
        mine, theirs = (self._begins[self._place(one.trace_id)] for one in (first, second))
        return first.trace_id != second.trace_id and bool(self.is_new[mine] or self.is_new[theirs])

    def _open(self, trace: int) -> Opened:
        opened = self._opened.get(trace)
        if opened is None:
            opened = self._opened[trace] = Opened(self.traces[trace], self._windows[trace])
        return opened

    def _place(self, trace_id: TraceId) -> int:
        return bisect_left(self.traces, trace_id)


def _by_shape(windows: Sequence[Window]) -> Iterator[tuple[Shape, Integers, Integers]]:
    """Yield each shape, the places of its windows, and their numbers, a row per window."""
    members: dict[bytes, list[int]] = {}
    numbers: dict[bytes, list[bytes]] = {}
    for place, window in enumerate(windows):
        body = read_body(window.body)
        members.setdefault(body.shape, []).append(place)
        numbers.setdefault(body.shape, []).append(body.numbers)
    for shape, places in members.items():
        rows = read_numbers(b"".join(numbers[shape])).reshape(len(places), -1)
        yield read_shape(shape), np.array(places, dtype=np.int64), rows


def _roles_of(shape: Shape) -> Iterator[Role]:
    return (_role_of(shape, stand) for stand in shape.stands)


def side_in(shape: Shape, stand: Stand) -> Side:
    """Return the side on which an access of a shape stands."""
    service, place = shape.actors[stand.actor].service, place_of(shape.locations[stand.location])
    return Side(service, place, stand.access_type)


def _role_of(shape: Shape, stand: Stand) -> Role:
    return Role(
        side=side_in(shape, stand),
        lockset=shape.locksets[stand.lockset],
        actor=shape.actors[stand.actor],
        is_committed=stand.is_committed,
        is_scope_declared=stand.is_scope_declared,
    )


def unordered(first: Access, second: Access) -> bool:
    """Return that nothing is before anything: accesses of different traces have no causal link."""
    return False


def program_order(first: Access, second: Access) -> bool:
    """Tell for accesses of a run what is sure: a transaction runs on one chain, step by step."""
    one_transaction = first.trace_id == second.trace_id and first.transaction == second.transaction
    return one_transaction and first.number < second.number
