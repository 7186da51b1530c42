"""Lost updates: a write that overwrote another transaction's write which its read had not seen.

An *update* is a write with the last read of the variable before it in its transaction. A write of
another transaction is lost when it falls between the two. That is proven only by

    versions        a version strictly between the one read and the one written, or the same
                    version read by two updates (`raceway_core.write_order`)
    confirmed clock the clock of one process whose values confirm it (the same module)
    unique writer   two processes that read what one write alone has written
                    (`raceway_core.unique_writer`)

Where both sides carry versions these alone decide. A blind write can be overwritten but never
overwrites, and so can an AtomicRMW, which saw the version before its own. A transaction is never
its own partner. Values that are unknown equal nothing. Equal values prove nothing by themselves:
two withdrawals of 10 from 100 both write 90, in whatever order they run.

Sources: Adya 1999 (P4, lost update); Berenson et al. 1995; Kingsbury & Alvaro 2020 (Elle: reads
that name the write they saw).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec

from raceway_core.access import Access, Precedes, TransactionKey, transaction_key
from raceway_core.event import EventId, TraceId
from raceway_core.unique_writer import shared_starts
from raceway_core.write_order import Ranked, Rule, Update, WriteOrder, history_key, updates_of, write_orders


class LostUpdate(msgspec.Struct, frozen=True, gc=False):
    """`update` overwrote `lost`, which its read had not seen.

    `witness` are the reads that prove it, and for a unique writer its write, earliest first.
    """

    rule: Rule
    update: Update
    lost: Access
    witness: tuple[Access, ...]

    @property
    def transactions(self) -> tuple[TransactionKey, TransactionKey]:
        """Return the two transactions, the smaller key first."""
        first, second = transaction_key(self.update.write), transaction_key(self.lost)
        return (first, second) if first < second else (second, first)

    @property
    def sort_key(self) -> tuple[int, TraceId, EventId, int, TraceId, EventId]:
        """By the overwriting write, then by the lost one: a total order."""
        write, lost = self.update.write, self.lost
        return (write.start_ns, write.trace_id, write.event_id, lost.start_ns, lost.trace_id, lost.event_id)


def find_lost_updates(accesses: Sequence[Access], precedes: Precedes) -> list[LostUpdate]:
    """Return one proven lost update per pair of transactions, in the order of `LostUpdate.sort_key`.

    `accesses` are all that committed transactions did to one variable; those of one trace stand in
    a linear extension of happens-before. The order of traces does not matter.

    Time: O(k log k), and what `overwritten_in` and `shared_starts` take.
    """
    updates = updates_of(accesses)
    if not updates:
        return []
    return one_per_pair(_overwrites(accesses, updates, precedes), updates)


class Overwrite(NamedTuple):
    """An update that had not seen a write which it overwrote."""

    rule: Rule
    update: Update
    lost: Access
    writer: Access | None = None


def one_per_pair(overwrites: Iterable[Overwrite], updates: Sequence[Update]) -> list[LostUpdate]:
    """Return the first lost update of each pair of transactions, in the order of `sort_key`."""
    read_of = {_identity(update.write): update.read for update in updates}
    chosen: dict[tuple[TransactionKey, TransactionKey], LostUpdate] = {}
    for rule, update, lost, writer in overwrites:
        if transaction_key(update.write) == transaction_key(lost):
            continue
        found = LostUpdate(rule, update, lost, _witness(update.read, read_of.get(_identity(lost)), writer))
        best = chosen.setdefault(found.transactions, found)
        if found.sort_key < best.sort_key:
            chosen[found.transactions] = found
    return sorted(chosen.values(), key=lambda found: found.sort_key)


def overwritten_in(order: WriteOrder) -> Iterator[Overwrite]:
    """Yield of each two transactions the first write that an update of the one lost of the other.

    Of updates with and without versions each, because not both decide about the same writes.

    Time: O(k log k + for each transaction the writes between its reads and its writes, once).
    """
    groups: dict[tuple[TransactionKey, bool], list[Ranked]] = {}
    for ranked in order.updates:
        key = (transaction_key(ranked.update.write), ranked.update.read.version is None)
        groups.setdefault(key, []).append(ranked)
    keys = [transaction_key(write) for write in order.writes]
    for (own, _), updates in groups.items():
        seen = {own}
        for update, place in _places_between(order, updates):
            lost = order.writes[place]
            if keys[place] not in seen and _decides(order.rule, update, lost):
                seen.add(keys[place])
                yield Overwrite(order.rule, update, lost)


def _places_between(order: WriteOrder, updates: list[Ranked]) -> Iterator[tuple[Update, int]]:
    """Yield the places between the reads and the writes of a transaction, each with its first update."""
    updates.sort(key=lambda ranked: (ranked.write_rank, ranked.read_rank))
    last_begin = last_end = 0
    for read_rank, write_rank, update in updates:
        begin, end = bisect_right(order.ranks, read_rank), bisect_left(order.ranks, write_rank)
        fresh = max(begin, last_end) if begin >= last_begin else begin
        yield from ((update, place) for place in range(fresh, end))
        last_begin, last_end = begin, max(last_end, end)


def _decides(rule: Rule, update: Update, lost: Access) -> bool:
    """Where both sides carry versions, these alone decide."""
    return rule is Rule.VERSIONS or update.read.version is None or lost.version is None


def _overwrites(
    accesses: Sequence[Access], updates: Sequence[Update], precedes: Precedes
) -> Iterator[Overwrite]:
    for order in write_orders(accesses, updates, precedes):
        yield from overwritten_in(order)
    for update, lost in _same_version_read(updates):
        yield Overwrite(Rule.VERSIONS, update, lost)
    for writer, first, second in shared_starts(accesses, updates, precedes):
        if first.read.version is None or second.read.version is None:
            update, lost = _later_first(first, second)
            yield Overwrite(Rule.UNIQUE_WRITER, update, lost, writer)


def _same_version_read(updates: Sequence[Update]) -> Iterator[tuple[Update, Access]]:
    """Yield what the versions written do not tell: they are missing, or two writes claim one.

    Otherwise the higher version of two updates from one version has the lower one in between.
    """
    groups: dict[tuple[object, int], list[Update]] = {}
    for update in updates:
        key = history_key(update.write)
        if update.read.version is not None and key is not None:
            groups.setdefault((key, update.read.version), []).append(update)
    for (_, version), group in groups.items():
        made = Counter(update.write.version for update in group)
        if len(group) == 1 or (max(made.values()) == 1 and all(v is not None and v > version for v in made)):
            continue
        for first, second in combinations(group, 2):
            update, lost = _later_first(first, second)
            yield update, lost


def _later_first(first: Update, second: Update) -> tuple[Update, Access]:
    """Return as overwriting the update whose write is later by version, else by its stamp."""
    later, earlier = sorted((first, second), key=lambda update: _write_key(update.write), reverse=True)
    return later, earlier.write


def _write_key(write: Access) -> tuple[int, int, TraceId, EventId]:
    version = -1 if write.version is None else write.version
    return (version, write.start_ns, write.trace_id, write.event_id)


def _witness(read: Access, lost_read: Access | None, writer: Access | None) -> tuple[Access, ...]:
    found = {_identity(access): access for access in (writer, lost_read, read) if access is not None}
    return tuple(sorted(found.values(), key=lambda access: (access.start_ns, *_identity(access))))


def _identity(access: Access) -> tuple[TraceId, EventId]:
    return (access.trace_id, access.event_id)
