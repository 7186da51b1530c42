"""Latency and error anomalies: operations that took longer, or fail more often, than they did.

For each operation, a name in a service with its kind and status class, there is a baseline of how long
it takes (`raceway_core.baseline.baseline`). Measurements are taken in the order in which they ended:
each is judged by what came before (`raceway_core.baseline.rule`) and then teaches, once. What is
reported of them:

    latency      a duration that is not normal for the operation
    regression   a new level, in place of the anomalies of which it is made
    limit        a duration above what was configured for the operation
    errors       a rate of failures that is not normal (`raceway_core.baseline.error_rate`)

Inside a trace an operation whose excess is explained by one inside it is not reported
(`raceway_core.baseline.explanation`). First comes what contributed most to critical paths.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from enum import Enum
from itertools import chain
from typing import NamedTuple, Protocol

import msgspec

from raceway_core.baseline.explanation import explained
from raceway_core.baseline.learner import Learner, Unfolded
from raceway_core.baseline.rule import ENOUGH, Judgement
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.event import EventId, TraceId
from raceway_core.finding import Severity
from raceway_core.measured import Operation, TraceMeasurements
from raceway_core.options import Latency


class AnomalyKind(Enum):
    """What is not normal."""

    LATENCY = "latency"
    REGRESSION = "regression"
    LIMIT = "limit"
    ERRORS = "errors"


class Anomaly(msgspec.Struct, frozen=True, kw_only=True):
    """One anomaly; of a regression or a rate of errors the event is the first, or the last, of many.

    `actual` and `expected` are durations in nanoseconds, of `ERRORS` rates from 0 to 1. `score` is None
    where a limit was configured. `contribution_ns` is how much of the critical paths it cost at most.
    """

    kind: AnomalyKind
    operation: Operation
    trace_id: TraceId
    event_id: EventId
    at_ns: int
    actual: float
    expected: float
    score: float | None
    severity: Severity
    contribution_ns: int
    count: int = 1


class Normal(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an operation in the end. Durations are None where samples are too few."""

    operation: Operation
    samples: int
    median_ns: int | None
    p95_ns: int | None
    p99_ns: int | None

    @property
    def is_insufficient(self) -> bool:
        """Whether there are too few samples to judge by."""
        return self.samples < ENOUGH


class Anomalies(NamedTuple):
    """The anomalies, the costliest first, and what is normal, by operation."""

    found: Sequence[Anomaly]
    normal: Sequence[Normal]


def find_anomalies(traces: Iterable[TraceMeasurements], latency: Latency) -> Anomalies:
    """Return what was not normal. It depends neither on the order of `traces` nor on duplicates.

    Time: O(n log n), n measurements.
    """
    distinct = {trace.trace_id: trace for trace in traces}
    unfolded = Unfolded.of([distinct[trace_id] for trace_id in sorted(distinct)])
    learner = Learner(unfolded.measurements, latency)
    for number in unfolded.in_time:
        learner.take(number)
    hidden = explained(unfolded.measurements, learner.judgements, learner.excess_ns)
    found = chain(
        _regressions(unfolded, learner, hidden),
        _single(unfolded, learner, hidden, latency),
        _errors(unfolded, learner),
    )
    normal = [normal_of(operation, known.sketch) for operation, known in sorted(learner.baselines.items())]
    return Anomalies(sorted(found, key=anomaly_rank), normal)


class Ranked(Protocol):
    """An anomaly, or what is shown of one, where numbers of nanoseconds are decimal strings."""

    @property
    def contribution_ns(self) -> int | str: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def score(self) -> float | None: ...
    @property
    def trace_id(self) -> TraceId: ...
    @property
    def event_id(self) -> EventId: ...
    @property
    def kind(self) -> AnomalyKind: ...


def anomaly_rank(anomaly: Ranked) -> tuple[int, int, float, TraceId, EventId, str]:
    """Return a key that sorts the costliest, then the worst, then the farthest from normal first."""
    score = -abs(anomaly.score or 0.0)
    identity = (anomaly.trace_id, anomaly.event_id, anomaly.kind.value)
    return (-int(anomaly.contribution_ns), anomaly.severity.rank, score, *identity)


def _regressions(unfolded: Unfolded, learner: Learner, hidden: set[int]) -> Iterator[Anomaly]:
    for judgement, level_ns, members in learner.shifts:
        if 2 * sum(member in hidden for member in members) < len(members):
            cost = sum(_contribution_ns(unfolded, learner, member) for member in members)
            yield msgspec.structs.replace(
                _anomaly(unfolded, members[0], judgement, cost),
                kind=AnomalyKind.REGRESSION,
                actual=level_ns,
                count=len(members),
            )


def _single(unfolded: Unfolded, learner: Learner, hidden: set[int], latency: Latency) -> Iterator[Anomaly]:
    told_else = hidden.union(*(shift.members for shift in learner.shifts))
    alone = learner.judgements.keys() - told_else
    for number in alone:
        cost_ns = _contribution_ns(unfolded, learner, number)
        yield _anomaly(unfolded, number, learner.judgements[number], cost_ns)
    if latency.limits_ns:
        yield from _over_limit(unfolded, latency.limits_ns, alone)


def _over_limit(unfolded: Unfolded, limits_ns: Mapping[str, int], told: Set[int]) -> Iterator[Anomaly]:
    for number, measurement in enumerate(unfolded.measurements):
        limit_ns = limits_ns.get(measurement.operation.name)
        if limit_ns is not None and measurement.duration_ns > limit_ns and number not in told:
            yield Anomaly(
                kind=AnomalyKind.LIMIT,
                operation=measurement.operation,
                trace_id=unfolded.trace_ids[number],
                event_id=measurement.event_id,
                at_ns=measurement.end_ns,
                actual=measurement.duration_ns,
                expected=limit_ns,
                score=None,
                severity=Severity.WARNING,
                contribution_ns=min(measurement.duration_ns - limit_ns, measurement.critical_ns),
            )


def _errors(unfolded: Unfolded, learner: Learner) -> Iterator[Anomaly]:
    for number, judgement in learner.rates:
        measurement = unfolded.measurements[number]
        yield Anomaly(
            kind=AnomalyKind.ERRORS,
            operation=measurement.operation,
            trace_id=unfolded.trace_ids[number],
            event_id=measurement.event_id,
            at_ns=measurement.end_ns,
            actual=judgement.rate,
            expected=judgement.expected_rate,
            score=judgement.score,
            severity=judgement.severity,
            contribution_ns=0,
            count=round(judgement.rate * ENOUGH),
        )


def _anomaly(unfolded: Unfolded, number: int, judgement: Judgement, contribution_ns: int) -> Anomaly:
    measurement = unfolded.measurements[number]
    return Anomaly(
        kind=AnomalyKind.LATENCY,
        operation=measurement.operation,
        trace_id=unfolded.trace_ids[number],
        event_id=measurement.event_id,
        at_ns=measurement.end_ns,
        actual=measurement.duration_ns,
        expected=round(judgement.expected_ns),
        score=judgement.score,
        severity=judgement.severity,
        contribution_ns=contribution_ns,
    )


def _contribution_ns(unfolded: Unfolded, learner: Learner, number: int) -> int:
    return min(learner.excess_ns.get(number, 0), unfolded.measurements[number].critical_ns)


def normal_of(operation: Operation, sketch: Sketch) -> Normal:
    """Return what a sketch of its durations says of an operation."""
    is_enough = sketch.total >= ENOUGH
    median, p95, p99 = (round(value_of(sketch.quantile(q))) if is_enough else None for q in (0.5, 0.95, 0.99))
    return Normal(operation=operation, samples=sketch.total, median_ns=median, p95_ns=p95, p99_ns=p99)
