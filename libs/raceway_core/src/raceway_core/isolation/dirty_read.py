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
    for reader, is_counted in enumerate(evidence.counts):
        if is_counted:
            found = dict.fromkeys(one for seen in evidence.seen(reader) for one in _dirt(evidence, seen))
            for name, writer, key in found:
                ids = [evidence.transactions[writer].id, evidence.transactions[reader].id]
                yield Anomaly(name, ids, [key])


def _dirt(evidence: Evidence, seen: Seen) -> Iterator[tuple[str, int, str]]:
    sources = evidence.sources(seen)
    writers = dict.fromkeys(source for source in sources if source >= 0)
    for writer in writers:
        if evidence.transactions[writer].status is Status.ABORTED:
            yield "G1a", writer, seen.key
    last = sources[-1]
    if last >= 0 and evidence.counts[last]:
        end = (
            seen.value[-1] if type(seen.value) is tuple and evidence.writes[seen.key].is_list else seen.value
        )
        if end != evidence.writes[seen.key].last(last):
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
