"""What a server says, as items, and what it left out: the same items that files of its events have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceway_api.v1.anomaly import AnomalyList
from raceway_api.v1.isolation import RecentIsolation, ResourceIsolation
from raceway_cli.reported.items import Found, items_of
from raceway_cli.show.finding import counted
from raceway_cli.show.isolation import CUT
from raceway_core.finding_view import FindingView


class ServerAnswers(NamedTuple):
    """What a server says of some time."""

    findings: Sequence[FindingView]
    isolation: RecentIsolation
    anomalies: AnomalyList


def found_on_server(answers: ServerAnswers) -> Found:
    """Return what a server found. Where it left nothing out, files of the same events show the same."""
    resources = answers.isolation.resources
    faults = (fault for resource in resources for fault in resource.isolation.faults)
    items = items_of(answers.findings, faults, answers.anomalies.anomalies)
    return Found(items, [*_left_out_of_isolation(answers.isolation), *_left_out_of_time(answers.anomalies)])


def _left_out_of_isolation(isolation: RecentIsolation) -> Iterator[str]:
    if isolation.cut:
        checked = sum(resource.isolation.transactions for resource in isolation.resources)
        yield f"isolation: only the newest {counted(checked, 'transaction')} were checked, there are more"
    for resource in isolation.resources:
        yield from (f"isolation{_of(resource)}: {text}" for text in _left_out_of(resource))


def _left_out_of(resource: ResourceIsolation) -> Iterator[str]:
    found = resource.isolation
    if (left := found.total_faults - len(found.faults)) > 0:
        yield f"{left:,} of {counted(found.total_faults, 'fault')} are not told"
    yield from (CUT[cut] for cut in found.cut)


def _of(resource: ResourceIsolation) -> str:
    return f" of {resource.resource}" if resource.resource else ""


def _left_out_of_time(anomalies: AnomalyList) -> Iterator[str]:
    if anomalies.is_cut:
        yield "latency and errors: too much was slow to look into all of it"
    if anomalies.next_cursor is not None:
        yield f"latency and errors: only the newest {len(anomalies.anomalies):,} anomalies were looked at"
