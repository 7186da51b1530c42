"""Lost updates across the traces of a run, counted where they cannot all be listed.

Where one order of the writes decides about the whole run (`lost_update.sole_order`), an update
loses exactly the writes between its read and its write. If each trace is one transaction with one
write, as requests are, two of them are a pair at most once, so pairs are counted by sorted search.
Transactions with several writes, and runs that several rules decide about, are listed pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import chain

from raceway_core.access import Access, TransactionKey, transaction_key
from raceway_core.across.accesses import RunAccesses, program_order
from raceway_core.across.crowd import crowd_tallies
from raceway_core.event import TraceId
from raceway_core.grouping import Tally
from raceway_core.lost_update import LostUpdate, find_lost_updates, one_per_pair, overwritten_in, sole_order
from raceway_core.lost_update_tally import lost_update_tallies
from raceway_core.write_order import WriteOrder, updates_of


def run_lost_updates(run: RunAccesses) -> list[Tally]:
    """Return the lost updates between different traces of a run, by the sides of their writes.

    Time: O(k log k) for traces of one write; else output counts too, as in `find_lost_updates`.
    """
    accesses = run.committed()
    updates = updates_of(accesses)
    if not updates:
        return []
    order = sole_order(accesses, updates, program_order)
    if order is None:
        listed = find_lost_updates(accesses, program_order)
        return lost_update_tallies(_across_traces(listed, run), accesses)
    simple = _simple_transactions(accesses)
    overwrites = chain.from_iterable(map(overwritten_in, _rest_of(order, simple)))
    listed = one_per_pair(overwrites, updates)
    in_crowd = [access for access in accesses if transaction_key(access) in simple]
    crowd = crowd_tallies(_part_of(order, simple, simple), in_crowd, run)
    return [*lost_update_tallies(_across_traces(listed, run), accesses), *crowd]


def _across_traces(found: Sequence[LostUpdate], run: RunAccesses) -> Iterator[LostUpdate]:
    return (one for one in found if run.are_compared(one.update.write, one.lost))


def _simple_transactions(accesses: Sequence[Access]) -> Set[TransactionKey]:
    """Return the transactions that are alone in their trace and write once at most."""
    transactions: dict[TraceId, set[TransactionKey]] = {}
    writes: dict[TransactionKey, int] = {}
    for access in accesses:
        key = transaction_key(access)
        transactions.setdefault(access.trace_id, set()).add(key)
        writes[key] = writes.get(key, 0) + access.access_type.writes
    return {key for keys in transactions.values() if len(keys) == 1 for key in keys if writes[key] <= 1}


def _part_of(order: WriteOrder, updating: Set[TransactionKey], losing: Set[TransactionKey]) -> WriteOrder:
    """Return the order of the writes of some transactions with the updates of some others."""
    kept = [place for place, write in enumerate(order.writes) if transaction_key(write) in losing]
    return WriteOrder(
        order.rule,
        [order.ranks[place] for place in kept],
        [order.writes[place] for place in kept],
        [one for one in order.updates if transaction_key(one.update.write) in updating],
    )


def _rest_of(order: WriteOrder, simple: Set[TransactionKey]) -> Iterator[WriteOrder]:
    """Yield what `simple` against `simple` leaves out."""
    everybody = {transaction_key(write) for write in order.writes}
    others = everybody - simple
    if others:
        yield _part_of(order, others, everybody)
        yield _part_of(order, simple, others)
