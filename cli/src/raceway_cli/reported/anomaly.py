"""Anomalies as items: of isolation, of latency and of error rates. Those of one fingerprint are one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import attrgetter

from raceway_cli.reported.item import Item, Kind
from raceway_cli.show.isolation import MEANINGS, anomaly_text
from raceway_cli.show.table import duration_text
from raceway_core.anomaly import AnomalyKind, anomaly_rank
from raceway_core.anomaly_fingerprint import anomaly_fingerprint
from raceway_core.anomaly_view import AnomalyView
from raceway_core.finding import Severity, Verdict
from raceway_core.isolation.fault import IsolationFault, merge_faults

_KINDS = {
    AnomalyKind.LATENCY: Kind.LATENCY,
    AnomalyKind.LIMIT: Kind.LATENCY,
    AnomalyKind.REGRESSION: Kind.REGRESSION,
    AnomalyKind.ERRORS: Kind.ERRORS,
}


def items_of_isolation(faults: Iterable[IsolationFault]) -> list[Item]:
    """Return what histories prove: proofs of damage, so as bad as can be."""
    distinct = merge_faults(faults)
    return [_isolation(fault) for fault in sorted(distinct, key=attrgetter("fingerprint"))]


def items_of_anomalies(anomalies: Iterable[AnomalyView]) -> list[Item]:
    """Return what took too long or failed too often; of each the worst, then the costliest is shown."""
    return _distinct(map(_anomaly, sorted(anomalies, key=anomaly_rank)))


def _isolation(fault: IsolationFault) -> Item:
    anomaly = fault.example
    keys = ", ".join(anomaly.keys)
    meaning = MEANINGS[anomaly.name]
    return Item(
        fingerprint=fault.fingerprint,
        kind=Kind.ISOLATION,
        verdict=Verdict.PROVEN,
        severity=Severity.CRITICAL,
        subject=f"{anomaly.name} on {keys}" if keys else anomaly.name,
        summary=meaning,
        message=f"{anomaly.name}: {meaning}. Transactions: {', '.join(anomaly.transactions)}.",
        evidence=anomaly_text(anomaly) + _more(fault.count - 1),
    )


def _anomaly(anomaly: AnomalyView) -> Item:
    operation = anomaly.operation or anomaly.event_kind
    was, normal = (
        _amount(anomaly.actual_ns, anomaly.actual_rate),
        _amount(anomaly.expected_ns, anomaly.expected_rate),
    )
    what = "fails" if anomaly.kind is AnomalyKind.ERRORS else "takes"
    measure = "at most" if anomaly.kind is AnomalyKind.LIMIT else "normally"
    summary = f"{operation} of {anomaly.service} {what} {was}, {measure} {normal}"
    where = f"event {anomaly.event_id} in trace {anomaly.trace_id}"
    return Item(
        fingerprint=anomaly_fingerprint(anomaly.service, operation, anomaly.kind.value),
        kind=_KINDS[anomaly.kind],
        verdict=None,
        severity=anomaly.severity,
        subject=operation,
        summary=summary,
        message=f"{summary}. Seen at {where}.",
        evidence=f"{summary}\n    seen at   {where}",
        services=(anomaly.service,),
    )


def _amount(duration_ns: str | None, rate: float | None) -> str:
    if duration_ns is not None:
        return duration_text(int(duration_ns))
    return "" if rate is None else f"in {rate:.1%} of cases"


def _distinct(items: Iterable[Item]) -> list[Item]:
    """Return one item per fingerprint, the worst, and say how many it stands for."""
    by_name = attrgetter("fingerprint")
    groups = groupby(sorted(items, key=by_name), key=by_name)
    return sorted((_worst(list(group)) for _, group in groups), key=lambda item: item.severity.rank)


def _worst(group: Sequence[Item]) -> Item:
    worst = min(group, key=lambda item: item.severity.rank)
    return worst._replace(evidence=worst.evidence + _more(len(group) - 1))


def _more(count: int) -> str:
    return f"\n    … and {count:,} more of the kind" if count else ""
