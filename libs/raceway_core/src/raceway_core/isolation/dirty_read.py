"""Dirty reads: of a transaction that aborted (G1a), or of a value that was not a transaction's last (G1b).

Source: Adya 1999, section 4.2.3 (G1a, aborted reads; G1b, intermediate reads).
"""

from __future__ import annotations

from collections.abc import Iterator

from raceway_core.isolation.evidence import Evidence
from raceway_core.isolation.history import Anomaly, Status
from raceway_core.isolation.observation import Seen


def dirty_reads(evidence: Evidence) -> Iterator[Anomaly]:
    """Yield each aborted and each intermediate read, of a reader, a writer and a key once.

    Time: O(what was seen).
    """
    aborted = frozenset(
        key
        for key, writes in evidence.writes.items()
        if any(evidence.transactions[writer].status is Status.ABORTED for writer in writes.made)
    )
    for reader, is_counted in enumerate(evidence.counts):
        if is_counted:
            found = [one for seen in evidence.seen(reader) for one in _dirt(evidence, seen, aborted)]
            for name, writer, key in dict.fromkeys(found):
                ids = [evidence.transactions[writer].id, evidence.transactions[reader].id]
                yield Anomaly(name, ids, [key])


def _dirt(evidence: Evidence, seen: Seen, aborted: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    """Yield what is dirty about what was seen; only a key that was `aborted` is looked through."""
    if seen.key in aborted:
        for writer in dict.fromkeys(evidence.sources(seen)):
            if writer >= 0 and evidence.transactions[writer].status is Status.ABORTED:
                yield "G1a", writer, seen.key
    last = evidence.last_source(seen)
    if last >= 0 and evidence.counts[last]:
        writes = evidence.writes[seen.key]
        end = seen.value[-1] if type(seen.value) is tuple and writes.is_list else seen.value
        if end != writes.last(last):
            yield "G1b", last, seen.key


def contradictions(evidence: Evidence) -> Iterator[Anomaly]:
    """Yield the transactions that contradict themselves, by key. Time: O(contradictions)."""
    for number, observation in enumerate(evidence.observations):
        if evidence.counts[number]:
            named = (("internal", observation.internal), ("non-repeatable-read", observation.torn))
            for name, keys in named:
                for key in keys:
                    if key not in evidence.unrecoverable:
                        yield Anomaly(name, [evidence.transactions[number].id], [key])
