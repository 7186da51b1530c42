"""Lost updates, grouped for a report: which two places of the code lose each other's writes.

The pairs of a lost update are pairs of transactions; its sides are the two writes. All faults that
the accesses of two such transactions make with each other are the same fault: their fingerprints
are its aliases, and it stands for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest

from raceway_core.access import Access, TransactionKey, is_conflict, transaction_key
from raceway_core.counting.access_class import side_key
from raceway_core.counting.fingerprint import Side, fingerprint_of, side_of
from raceway_core.finding import MOST_EXAMPLES, PairCounts, Verdict
from raceway_core.grouping import Tally
from raceway_core.lost_update import LostUpdate
from raceway_core.race import Pair


def lost_update_tallies(found: Iterable[LostUpdate], accesses: Sequence[Access]) -> list[Tally]:
    """Return the tallies of lost updates, which are of one variable.

    `accesses` are all of that variable; they tell what else the two transactions did to it.
    """
    groups: dict[tuple[Side, Side], list[LostUpdate]] = {}
    for lost_update in found:
        key = sides_between(lost_update.update.write, lost_update.lost)
        groups.setdefault(key, []).append(lost_update)
    if not groups:
        return []
    by_transaction: dict[TransactionKey, list[Access]] = {}
    for access in accesses:
        by_transaction.setdefault(transaction_key(access), []).append(access)
    return [_tally_of(sides, group, by_transaction) for sides, group in groups.items()]


def sides_between(first: Access, second: Access) -> tuple[Side, Side]:
    """Return the sides of two accesses in an order that does not depend on theirs."""
    mine, theirs = sorted((side_of(first), side_of(second)), key=side_key)
    return (mine, theirs)


def aliases_between(variable: str, first: Iterable[Side], second: Sequence[Side]) -> set[str]:
    """Return the fingerprints of all faults between the sides of two transactions."""
    return {
        fingerprint_of(variable, mine, theirs)
        for mine in first
        for theirs in second
        if is_conflict(mine.access_type, theirs.access_type)
    }


def shown_pair(lost_update: LostUpdate) -> Pair:
    """Return the two writes of a lost update, with the reads that prove it."""
    return Pair(lost_update.lost, lost_update.update.write, Verdict.PROVEN, lost_update.witness)


def nearest(pairs: Iterable[Pair]) -> list[Pair]:
    """Return the pairs that a reader should see, in their order."""
    return nsmallest(MOST_EXAMPLES, pairs, key=pair_key)


def pair_key(pair: Pair) -> tuple[int, str, str, str, str]:
    """Return what pairs are ordered by for a reader: nearest in time first."""
    first, second = sorted(
        (pair.first, pair.second), key=lambda access: (access.start_ns, access.trace_id, access.event_id)
    )
    gap_ns = max(0, second.start_ns - first.end_ns)
    return (gap_ns, first.trace_id, first.event_id, second.trace_id, second.event_id)


def _tally_of(
    sides: tuple[Side, Side],
    group: Sequence[LostUpdate],
    by_transaction: Mapping[TransactionKey, Sequence[Access]],
) -> Tally:
    variable = group[0].lost.variable
    keys = {key for lost_update in group for key in lost_update.transactions}
    members = [access for key in keys for access in by_transaction[key]]
    sides_of = {key: tuple({side_of(access) for access in by_transaction[key]}) for key in keys}
    aliases: set[str] = set()
    for first, second in {tuple(sides_of[key] for key in lost_update.transactions) for lost_update in group}:
        aliases |= aliases_between(variable.name, first, second)
    return Tally(
        variable=variable,
        sides=sides,
        counts=PairCounts(proven=len(group)),
        trace_ids=tuple(sorted({access.trace_id for access in members})),
        first_ns=min(access.start_ns for access in members),
        last_ns=max(access.end_ns for access in members),
        pairs=nearest(map(shown_pair, group)),
        aliases=tuple(sorted(aliases - {fingerprint_of(variable.name, *sides)})),
    )
