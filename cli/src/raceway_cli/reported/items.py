"""All items of a report, in the order of the report."""

from __future__ import annotations

from raceway_cli.reported.anomaly import items_of_anomalies, items_of_isolation
from raceway_cli.reported.finding import item_of_finding
from raceway_cli.reported.item import Item
from raceway_core.report import Report


def items_of(report: Report) -> list[Item]:
    """Return what is reported: findings, then anomalies of isolation, then those of time."""
    return [
        *map(item_of_finding, report.findings or ()),
        *items_of_isolation(report.isolation.anomalies if report.isolation else ()),
        *items_of_anomalies(report.anomalies or ()),
    ]
