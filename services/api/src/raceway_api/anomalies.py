"""Anomalies, judged when somebody asks: what is stored are calls and their sums, never a judgement.

A judgement depends on what other traces took, before and for a while after; so it would have to be
replaced whenever any of them came late. Asked again, it is the same as long as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from raceway_api.deps import Deps
from raceway_api.judging import verdicts_on
from raceway_api.operations import Operations, Place
from raceway_api.stored import StoredTraces
from raceway_common.packing import unpack_measurements
from raceway_common.ports.trace_store import Section
from raceway_core.anomaly import Anomaly, Normal, normal_of
from raceway_core.bucketed.bucket import BUCKET_NS, Call, CallQuery, call_entry, family_of
from raceway_core.bucketed.history import MOST_AROUND, History, anchor_of
from raceway_core.bucketed.look import after
from raceway_core.bucketed.told import OverLimit, tell, traces_in
from raceway_core.bucketed.verdict import NOTHING, Verdict
from raceway_core.event import TraceId
from raceway_core.measured import Measurement, Operation

MOST_FAMILIES = 200
"""Of a trace with more operations those that took longest are judged."""

MOST_SPREAD = 72
"""Calls that ended more buckets before the last one of their trace are not judged."""

MOST_TRACES = 2_000
"""So many traces with something slow are looked into for one answer."""

MOST_OVER = 1_000
"""So many calls of one operation that took longer than they may are told, the longest ones."""


class TraceAnomalies(NamedTuple):
    """What was not normal in one trace, the costliest first, and what is normal for its operations."""

    found: Sequence[Anomaly]
    normal: Sequence[Normal]


class AnomaliesBetween(NamedTuple):
    """What was not normal in some time, the costliest first.

    `is_cut`: more traces than `MOST_TRACES` had something slow, and some were not looked into, or more
    calls than `MOST_OVER` of an operation were over a limit.
    """

    found: Sequence[Anomaly]
    is_cut: bool


class _Asked(NamedTuple):
    """The calls of a trace that are judged, and the families and buckets that they are in."""

    calls: Sequence[Call]
    numbers: Mapping[Operation, set[int]]
    first: int
    last: int


class AnomalyReader:
    """Judges what the stores hold."""

    def __init__(self, deps: Deps) -> None:
        self._deps = deps
        self._in_thread = StoredTraces(deps).in_thread

    async def of_trace(self, trace_id: TraceId, measurements: Sequence[Measurement]) -> TraceAnomalies:
        """Return what was not normal in a trace of these measurements."""
        asked = _asked(trace_id, measurements)
        if asked is None:
            return TraceAnomalies((), ())
        first, last = anchor_of(asked.first - MOST_AROUND), asked.last + MOST_AROUND
        buckets = await self._deps.baselines.buckets(list(asked.numbers), first=first, last=last)
        operations = await self._in_thread(Operations, buckets)
        verdicts = await self._judged(
            operations,
            [
                (family, number)
                for family, history in operations.known.items()
                for number in sorted(asked.numbers[family])
                if history.at(number)
            ],
            lambda verdict: any(key[0] == trace_id for key in verdict.judged),
            asked.calls,
        )
        begun = {
            member.trace_id
            for verdict in verdicts
            for crowd in verdict.crowds
            if crowd.members[0].trace_id == trace_id
            for member in crowd.members
        }
        traces = await self._measured(begun - {trace_id}) | {trace_id: measurements}
        found = [each for each in tell(verdicts, traces) if each.trace_id == trace_id]
        return TraceAnomalies(found, _normal(operations.known, asked.calls))

    async def between(
        self, first: int, last: int, *, newest: int, limits_ns: Mapping[str, int] = MappingProxyType({})
    ) -> AnomaliesBetween:
        """Return what was not normal in the buckets `first..last`, or over the limit of its operation.

        `newest` is the last bucket that holds calls.
        """
        begin, end = anchor_of(first - 1 - MOST_AROUND), last + MOST_AROUND
        async with self._deps.operations.between(begin, end, newest=newest) as operations:
            asked = [
                (family, number)
                for family, history in operations.known.items()
                for number in history.within(first - 1, last)
            ]
            judged = await self._judged(operations, asked, lambda verdict: bool(verdict.judged))
            queries = _over(operations, limits_ns, first, last) if limits_ns else []
        verdicts = [verdict for verdict in judged if verdict is not NOTHING]
        answers = await self._deps.baselines.calls(queries)
        over = [
            OverLimit(call, limits_ns[call.operation.name]) for calls in answers for call in calls[:MOST_OVER]
        ]
        slow = await self._in_thread(traces_in, verdicts, over)
        told = await self._in_thread(tell, verdicts, await self._measured(slow), over)
        found = [each for each in told if first <= each.at_ns // BUCKET_NS <= last]
        is_cut = len(slow) > MOST_TRACES or any(len(calls) > MOST_OVER for calls in answers)
        return AnomaliesBetween(found, is_cut)

    async def _judged(
        self,
        operations: Operations,
        wanted: Sequence[Place],
        has_slow: Callable[[Verdict], bool],
        own: Sequence[Call] = (),
    ) -> list[Verdict]:
        """Return the verdicts on the places wanted, and on those after one that `has_slow` calls.

        What was slow in a bucket may turn out to be part of a new level in the next.
        """
        verdicts = await verdicts_on(self._deps, operations, wanted, own)
        slow = [place for place, verdict in zip(wanted, verdicts, strict=True) if has_slow(verdict)]
        later = _later(operations, slow, wanted)
        return verdicts + await verdicts_on(self._deps, operations, later, own)

    async def _measured(self, trace_ids: Iterable[TraceId]) -> dict[TraceId, Sequence[Measurement]]:
        wanted = sorted(trace_ids)[:MOST_TRACES]
        if not wanted:
            return {}
        bodies = await self._deps.traces.sections(wanted, Section.MEASUREMENTS)
        return {trace_id: unpack_measurements(body) for trace_id, body in bodies.items()}


def _asked(trace_id: TraceId, measurements: Sequence[Measurement]) -> _Asked | None:
    entries = [call_entry(measurement) for measurement in measurements]
    longest: dict[Operation, int] = {}
    for entry in entries:
        family = family_of(entry.operation)
        longest[family] = max(longest.get(family, 0), entry.duration_ns)
    families = sorted(longest, key=lambda family: (-longest[family], family))[:MOST_FAMILIES]
    numbers: dict[Operation, set[int]] = {family: set() for family in families}
    calls = [
        Call(entry.operation, trace_id, place, entry.end_ns, entry.duration_ns)
        for place, entry in enumerate(entries)
        if family_of(entry.operation) in numbers
    ]
    if not calls:
        return None
    last = max(call.bucket for call in calls)
    late = [call for call in calls if last - call.bucket <= MOST_SPREAD]
    for call in late:
        numbers[family_of(call.operation)].add(call.bucket)
    return _Asked(late, numbers, min(call.bucket for call in late), last)


def _over(operations: Operations, limits_ns: Mapping[str, int], first: int, last: int) -> list[CallQuery]:
    """Return what asks for the calls over the limits, and for one more than are told of each operation."""
    limited = {
        bucket.operation
        for history in operations.known.values()
        for number in history.within(first, last)
        for bucket in history.at(number)
        if bucket.operation.name in limits_ns
    }
    return [
        CallQuery(operation, first, last, MOST_OVER + 1, limits_ns[operation.name] + 1)
        for operation in sorted(limited)
    ]


def _later(operations: Operations, slow: Iterable[Place], wanted: Iterable[Place]) -> list[Place]:
    """Return the places after those of `slow` that are not among those wanted."""
    seen = set(wanted)
    later = [(family, number) for family, begun in slow for number in after(operations.known[family], begun)]
    return [place for place in dict.fromkeys(later) if place not in seen]


def _normal(known: Mapping[Operation, History], calls: Sequence[Call]) -> list[Normal]:
    """Return what is normal for each operation, at the time of its last call among `calls`."""
    latest = {call.operation: call.bucket for call in sorted(calls, key=lambda call: call.bucket)}
    normal = []
    for operation, number in sorted(latest.items()):
        history = known.get(family_of(operation))
        if history is not None and history.at(number):
            sketch = history.before(number).sketch(operation)
            for bucket in history.at(number):
                if bucket.operation == operation:
                    sketch.count(bucket.counts)
            normal.append(normal_of(operation, sketch))
    return normal
