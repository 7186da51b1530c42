"""All items of a report in one order, and what was left out of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from raceway_cli.reported.anomaly import items_of_anomalies, items_of_isolation
from raceway_cli.reported.finding import item_of_finding
from raceway_cli.reported.item import Item
from raceway_cli.show.isolation import CUT
from raceway_cli.show.note import note_text
from raceway_core.anomaly_view import AnomalyView
from raceway_core.finding_view import FindingView
from raceway_core.isolation.fault import IsolationFault, faults_of
from raceway_core.report import Report


class Found(NamedTuple):
    """What was found: findings, then anomalies of isolation, then those of time.

    `left_out` says in sentences what was too much to look into, so that something may not be found.
    """

    items: Sequence[Item]
    left_out: Sequence[str] = ()


def items_of(
    findings: Iterable[FindingView], faults: Iterable[IsolationFault], anomalies: Iterable[AnomalyView]
) -> list[Item]:
    """Return everything as items, in the order of `Found`."""
    return [*map(item_of_finding, findings), *items_of_isolation(faults), *items_of_anomalies(anomalies)]


def found_in_report(report: Report) -> Found:
    """Return what the files of a report show."""
    isolation = report.isolation
    faults = faults_of(isolation.anomalies) if isolation else ()
    items = items_of(report.findings or (), faults, report.anomalies or ())
    left_out = [note_text(note) for note in report.notes or () if note.kind not in _LEAVE_NOTHING_OUT]
    left_out += [f"isolation: {CUT[cut]}" for cut in (isolation.cut if isolation else ())]
    return Found(items, left_out)


_LEAVE_NOTHING_OUT = frozenset({"conflicting_duplicate", "linear_parents", "missing_parent"})
"""Notes of what is odd about events that are there."""
