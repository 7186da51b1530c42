"""How long calls between services took and how they ended, kept as sums.

A sketch is a count per bucket, so it merges, and gives back what it took, by adding counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.ports.trace_store import CallMeasures
from raceway_common.schema.keys import key_of
from raceway_core.result import CallTimes

_ADD_TIMES = Statement(
    """insert into call_times (call_key, bucket, count) select call_key, bucket, count from {rows} where true
    on conflict (call_key, bucket) do update set count = call_times.count + excluded.count""",
    call_key=BYTES,
    bucket=INT,
    count=INT,
)
_ADD_OUTCOMES = Statement(
    """insert into call_outcomes (call_key, told, failed) select call_key, told, failed from {rows} where true
    on conflict (call_key) do update set
        told = call_outcomes.told + excluded.told, failed = call_outcomes.failed + excluded.failed""",
    call_key=BYTES,
    told=INT,
    failed=INT,
)
_TIMES = Statement(
    """select r.place, bucket, count from {rows} join call_times on call_times.call_key = r.call_key
    where count > 0 order by 1, 2""",
    place=INT,
    call_key=BYTES,
)
_OUTCOMES = Statement(
    """select r.place, told, failed from {rows} join call_outcomes on call_outcomes.call_key = r.call_key""",
    place=INT,
    call_key=BYTES,
)


def add_call_times(
    connection: Connection, old: Iterable[Sequence[CallTimes]], new: Iterable[Sequence[CallTimes]]
) -> None:
    """Take the times of `old` results from the sums and add those of `new`; without any, do nothing."""
    counts: Counter[tuple[bytes, int]] = Counter()
    told: Counter[bytes] = Counter()
    failed: Counter[bytes] = Counter()
    for sign, results in ((-1, old), (1, new)):
        for times in (times for result in results for times in result):
            key = key_of(times.caller, times.callee)
            told[key] += sign * times.told
            failed[key] += sign * times.failed
            for bucket, count in times.buckets:
                counts[key, bucket] += sign * count
    if changed := sorted((*place, count) for place, count in counts.items() if count):
        _ADD_TIMES.run(connection, changed)
    if ended := sorted((key, told[key], failed[key]) for key in told if told[key] or failed[key]):
        _ADD_OUTCOMES.run(connection, ended)


def measures_of(pairs: Sequence[tuple[str, str]], connection: Connection) -> list[CallMeasures]:
    """Return what was measured of the calls of each pair of services."""
    keys = [(place, key_of(*pair)) for place, pair in enumerate(pairs)]
    buckets: list[dict[int, int]] = [{} for _ in pairs]
    for place, bucket, count in _TIMES.run(connection, keys):
        buckets[place][bucket] = count
    outcomes: Mapping[int, tuple[int, int]] = {
        place: (told, failed) for place, told, failed in _OUTCOMES.run(connection, keys)
    }
    return [CallMeasures(*outcomes.get(place, (0, 0)), buckets[place]) for place in range(len(pairs))]
