"""What is told of verdicts: anomalies, without those that others in their trace explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from raceway_core.anomaly import Anomaly, AnomalyKind, anomaly_rank
from raceway_core.baseline.explanation import explained
from raceway_core.baseline.rule import Judgement
from raceway_core.bucketed.bucket import Call, family_of
from raceway_core.bucketed.verdict import Crowd, Failing, Key, Verdict, key_of
from raceway_core.event import TraceId
from raceway_core.finding import Severity
from raceway_core.measured import Measurement


class OverLimit(NamedTuple):
    """A call that took longer than was configured for its operation."""

    call: Call
    limit_ns: int


Traces = Mapping[TraceId, Sequence[Measurement]]
"""The measurements of traces, by place."""


def traces_in(verdicts: Iterable[Verdict], over_limit: Iterable[OverLimit] = ()) -> set[TraceId]:
    """Return the traces whose measurements `tell` needs."""
    found = {over.call.trace_id for over in over_limit}
    for verdict in verdicts:
        found.update(trace_id for trace_id, _ in verdict.judged)
        found.update(member.trace_id for crowd in verdict.crowds for member in crowd.members)
        found.update(failing.call.trace_id for failing in verdict.failing)
    return found


def tell(verdicts: Sequence[Verdict], traces: Traces, over_limit: Iterable[OverLimit] = ()) -> list[Anomaly]:
    """Return the anomalies, the costliest first. Calls of traces that are not in `traces` are left out.

    A call that is told as slow for its operation is not told again as one over a limit.

    `verdicts` should include those on the buckets after the ones asked about (`look.after`): calls
    that become part of a new level there are not told one by one.
    """
    excess_ns: dict[Key, int] = {}
    judged: dict[Key, tuple[Call, Judgement]] = {}
    for verdict in verdicts:
        excess_ns.update(verdict.excess_ns)
        judged.update(verdict.judged)
    hidden = _hidden(judged, excess_ns, traces)
    crowds = [crowd for verdict in verdicts for crowd in verdict.crowds]
    together = {key_of(member) for crowd in crowds for member in crowd.members}
    alone = {key: found for key, found in judged.items() if key not in together and key not in hidden}
    anomalies = [
        *_single(alone.values(), excess_ns, traces),
        *_over_limit((over for over in over_limit if key_of(over.call) not in alone), traces),
        *_crowds(crowds, hidden, excess_ns, traces),
        *_failing((failing for verdict in verdicts for failing in verdict.failing), traces),
    ]
    return sorted(anomalies, key=anomaly_rank)


def _hidden(
    judged: Mapping[Key, tuple[Call, Judgement]], excess_ns: Mapping[Key, int], traces: Traces
) -> Set[Key]:
    judgements: defaultdict[TraceId, dict[int, Judgement]] = defaultdict(dict)
    for (trace_id, place), (_, judgement) in judged.items():
        judgements[trace_id][place] = judgement
    excesses: defaultdict[TraceId, dict[int, int]] = defaultdict(dict)
    for (trace_id, place), excess in excess_ns.items():
        excesses[trace_id][place] = excess
    hidden: set[Key] = set()
    for trace_id, ours in judgements.items():
        if measurements := traces.get(trace_id):
            places = explained(measurements, ours, excesses[trace_id])
            hidden.update((trace_id, place) for place in places)
    return hidden


def _single(
    alone: Iterable[tuple[Call, Judgement]], excess_ns: Mapping[Key, int], traces: Traces
) -> Iterator[Anomaly]:
    for call, judgement in alone:
        if measurement := _measurement(call, traces):
            cost_ns = min(excess_ns.get(key_of(call), 0), measurement.critical_ns)
            yield _anomaly(call, measurement, judgement, cost_ns)


def _over_limit(over_limit: Iterable[OverLimit], traces: Traces) -> Iterator[Anomaly]:
    for call, limit_ns in over_limit:
        if measurement := _measurement(call, traces):
            yield Anomaly(
                kind=AnomalyKind.LIMIT,
                operation=call.operation,
                trace_id=call.trace_id,
                event_id=measurement.event_id,
                at_ns=call.end_ns,
                actual=call.duration_ns,
                expected=limit_ns,
                score=None,
                severity=Severity.WARNING,
                contribution_ns=min(call.duration_ns - limit_ns, measurement.critical_ns),
            )


def _crowds(
    crowds: Iterable[Crowd], hidden: Set[Key], excess_ns: Mapping[Key, int], traces: Traces
) -> Iterator[Anomaly]:
    for crowd in crowds:
        measurement = _measurement(crowd.members[0], traces)
        if measurement is None or 2 * sum(key_of(one) in hidden for one in crowd.members) >= len(
            crowd.members
        ):
            continue
        known = [(member, _measurement(member, traces)) for member in crowd.members]
        costs = [min(excess_ns.get(key_of(one), 0), found.critical_ns) for one, found in known if found]
        yield _anomaly(
            crowd.members[0],
            measurement,
            crowd.judgement,
            sum(costs),
            kind=AnomalyKind.REGRESSION if crowd.is_shift else AnomalyKind.LATENCY,
            actual_ns=crowd.level_ns,
            count=crowd.count,
        )


def _failing(failing: Iterable[Failing], traces: Traces) -> Iterator[Anomaly]:
    for one in failing:
        call, judgement = one.call, one.judgement
        if measurement := _measurement(call, traces):
            yield Anomaly(
                kind=AnomalyKind.ERRORS,
                operation=family_of(call.operation),
                trace_id=call.trace_id,
                event_id=measurement.event_id,
                at_ns=call.end_ns,
                actual=judgement.rate,
                expected=judgement.expected_rate,
                score=judgement.score,
                severity=judgement.severity,
                contribution_ns=0,
                count=one.count,
            )


def _measurement(call: Call, traces: Traces) -> Measurement | None:
    """Return a call's measurement; none if its trace has been analyzed anew and has another there."""
    measurements = traces.get(call.trace_id, ())
    measurement = measurements[call.place] if call.place < len(measurements) else None
    return measurement if measurement and measurement.operation == call.operation else None


def _anomaly(
    call: Call,
    measurement: Measurement,
    judgement: Judgement,
    cost_ns: int,
    *,
    kind: AnomalyKind = AnomalyKind.LATENCY,
    actual_ns: int | None = None,
    count: int = 1,
) -> Anomaly:
    return Anomaly(
        kind=kind,
        operation=call.operation,
        trace_id=call.trace_id,
        event_id=measurement.event_id,
        at_ns=call.end_ns,
        actual=call.duration_ns if actual_ns is None else actual_ns,
        expected=round(judgement.expected_ns),
        score=judgement.score,
        severity=judgement.severity,
        contribution_ns=cost_ns,
        count=count,
    )
