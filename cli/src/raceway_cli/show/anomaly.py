"""Anomalies as a table, the costliest first."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_cli.show.finding import counted
from raceway_cli.show.table import duration_text, print_first
from raceway_core.anomaly_view import AnomalyView, NormalView

_MOST = 20


def print_anomalies(
    anomalies: Sequence[AnomalyView], baselines: Sequence[NormalView], *, most: int = _MOST
) -> None:
    """Print up to `most` anomalies, and how many operations could not be judged."""
    if anomalies:
        click.echo()
        columns = ("anomaly", "operation", "service", "was>", "normally>", "score>", "severity", "cost>")
        print_first(most, (*columns, "event", "trace"), anomalies, _row)
    if few := sum(baseline.insufficient_data for baseline in baselines):
        operations = counted(len(baselines), "operation")
        click.echo(f"\ninsufficient data to judge the latency of {few:,} of {operations}")


def _row(anomaly: AnomalyView) -> tuple[object, ...]:
    kind = anomaly.kind.value if anomaly.count == 1 else f"{anomaly.kind.value} × {anomaly.count}"
    status = f" {anomaly.status}" if anomaly.status else ""
    return (
        kind,
        f"{anomaly.operation or anomaly.event_kind}{status}",
        anomaly.service,
        _amount(anomaly.actual_ns, anomaly.actual_rate),
        _amount(anomaly.expected_ns, anomaly.expected_rate),
        "" if anomaly.score is None else f"{anomaly.score:.1f}",
        anomaly.severity.value,
        duration_text(int(anomaly.contribution_ns)),
        anomaly.event_id,
        anomaly.trace_id,
    )


def _amount(duration_ns: str | None, rate: float | None) -> str:
    if duration_ns is not None:
        return duration_text(int(duration_ns))
    return "" if rate is None else f"{rate:.1%}"
