"""Isolation for `/api/v1`: of the transactions that one trace declares, and of those of recent traces."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate

import msgspec

from raceway_api.stored import StoredResult
from raceway_common.packing import unpack_declared
from raceway_common.ports.trace_store import DeclaredRow
from raceway_core.event import TraceId
from raceway_core.isolation.fault import IsolationFault, faults_of
from raceway_core.isolation.history import Anomaly, Cut, Isolation

NOTHING = Isolation(0, (), (), ())


class IsolationItem(msgspec.Struct, frozen=True, kw_only=True):
    """What declared transactions prove. `refuted_levels` stand weakest first.

    `total_anomalies` and `total_faults` count all. A fault is what has one fingerprint: the anomalies of
    a class on keys of one pattern. Of `unrecoverable_keys` nothing is concluded. `cut` names what was too
    much to compare: then `visibility` may refute more levels, or `cycles` prove more.
    """

    transactions: int
    refuted_levels: Sequence[str]
    total_anomalies: int
    anomalies: Sequence[Anomaly]
    unrecoverable_keys: Sequence[str]
    total_faults: int
    faults: Sequence[IsolationFault]
    cut: Sequence[Cut]


class TraceIsolation(msgspec.Struct, frozen=True, kw_only=True):
    """The check of the transactions that one trace declares; none where it declares none."""

    trace_id: TraceId
    as_of: int
    version: int
    isolation: IsolationItem


class ResourceIsolation(msgspec.Struct, frozen=True, kw_only=True):
    """The check of the transactions of one resource, empty where they name none, of all its traces."""

    resource: str
    traces: int
    isolation: IsolationItem


class RecentIsolation(msgspec.Struct, frozen=True, kw_only=True):
    """Recent traces' transactions, checked together by resource.

    `cut`: there were more than are checked at once, and the newest were taken.
    """

    since_ns: str
    cut: bool
    resources: list[ResourceIsolation]


def view_isolation(isolation: Isolation | None, *, limit: int) -> IsolationItem:
    """Return a check with its first `limit` anomalies, faults and keys."""
    found = isolation or NOTHING
    faults = faults_of(found.anomalies)
    return IsolationItem(
        transactions=found.transactions,
        refuted_levels=found.refuted_levels,
        total_anomalies=len(found.anomalies),
        anomalies=found.anomalies[:limit],
        unrecoverable_keys=found.unrecoverable_keys[:limit],
        total_faults=len(faults),
        faults=faults[:limit],
        cut=found.cut,
    )


def view_trace_isolation(stored: StoredResult, *, limit: int) -> TraceIsolation:
    """Return the check of one trace."""
    return TraceIsolation(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        isolation=view_isolation(stored.isolation, limit=limit),
    )


def newest_within(rows: Sequence[DeclaredRow], most_transactions: int) -> Sequence[DeclaredRow]:
    """Return the first of `rows` that have so many transactions together; they come newest first."""
    totals = accumulate(row.transactions for row in rows)
    return rows[: sum(1 for total in totals if total <= most_transactions)]


def digest_of(rows: Sequence[DeclaredRow]) -> str:
    """Return what tells these rows from any others."""
    digest = blake2b(digest_size=16)
    for row in rows:
        digest.update(f"{row.trace_id} {len(row.body)} ".encode())
        digest.update(row.body)
    return digest.hexdigest()


def check_rows(rows: Sequence[DeclaredRow], *, limit: int) -> list[ResourceIsolation]:
    """Check what rows declare, by resource. It takes CPU time, and depends on nothing else."""
    # These load the analysis, which few readers need.
    from raceway_core.isolation.declared import check_parts
    from raceway_core.isolation.resource import by_resource

    checked = by_resource(unpack_declared(row.body) for row in rows)
    return [
        ResourceIsolation(
            resource=resource, traces=len(parts), isolation=view_isolation(check_parts(parts), limit=limit)
        )
        for resource, parts in checked.items()
    ]
