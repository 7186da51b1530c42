"""What counts of a history: its committed transactions, and what they saw of recoverable keys.

A transaction whose end is unknown counts as committed only if a committed one read from it, or
another that counts as committed for that reason.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from raceway_core.isolation.history import History, OpKind, Status, Transaction
from raceway_core.isolation.observation import NO_WRITES, Observation, Seen, observe
from raceway_core.isolation.writes import KeyWrites, writes_of


class Evidence(NamedTuple):
    """See the module. `sessions` has the numbers of the transactions that count, session after session."""

    transactions: Sequence[Transaction]
    sessions: Sequence[Sequence[int]]
    writes: Mapping[str, KeyWrites]
    observations: Sequence[Observation]
    counts: Sequence[bool]
    unrecoverable: frozenset[str]

    def seen(self, number: int) -> Iterator[Seen]:
        """Yield what a transaction saw of recoverable keys that somebody wrote."""
        for seen in self.observations[number].seen:
            if seen.key in self.writes and seen.key not in self.unrecoverable:
                yield seen

    def sources(self, seen: Seen) -> list[int]:
        """Return the transactions, or BEFORE_ALL or NOBODY, that wrote what was seen, its end last."""
        writes = self.writes[seen.key]
        if type(seen.value) is tuple and writes.is_list:
            return [writes.writer(one) for one in seen.value]
        return [writes.writer(seen.value)]

    def last_source(self, seen: Seen) -> int:
        """Return who wrote what was seen, of a list its end."""
        writes = self.writes[seen.key]
        if type(seen.value) is tuple and writes.is_list:
            return writes.writer(seen.value[-1])
        return writes.writer(seen.value)


def evidence_in(history: History) -> Evidence:
    """Return the evidence of a history. Time: O(operations and the lists that were read)."""
    transactions = history.transactions
    writes = writes_of(transactions, history.numbered)
    unrecoverable = frozenset(_unrecoverable(transactions, writes))
    observations = [observe(number, one, writes) for number, one in enumerate(transactions)]
    counts = [one.status is Status.COMMITTED for one in transactions]
    evidence = Evidence(transactions, [], writes, observations, counts, unrecoverable)
    _count_what_was_read(evidence, counts)
    return evidence._replace(sessions=_numbered(history, counts))


def _unrecoverable(transactions: Sequence[Transaction], writes: Mapping[str, KeyWrites]) -> Iterator[str]:
    yield from (key for key, of_key in writes.items() if of_key.is_mixed)
    for transaction in transactions:
        for kind, key, value in transaction.operations:
            if kind is OpKind.READ and not writes.get(key, NO_WRITES).is_known(value):
                yield key


def _count_what_was_read(evidence: Evidence, counts: list[bool]) -> None:
    """Count transactions of unknown end that were read by one that counts."""
    unknown = {number for number, one in enumerate(evidence.transactions) if one.status is Status.UNKNOWN}
    readers = deque(number for number, is_counted in enumerate(counts) if is_counted) if unknown else deque()
    while readers and unknown:
        for seen in evidence.seen(readers.popleft()):
            for source in unknown.intersection(evidence.sources(seen)):
                unknown.discard(source)
                counts[source] = True
                readers.append(source)


def _numbered(history: History, counts: Sequence[bool]) -> list[list[int]]:
    numbered, number = [], 0
    for session in history.sessions:
        numbered.append([one for one in range(number, number + len(session)) if counts[one]])
        number += len(session)
    return numbered
