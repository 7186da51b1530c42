"""Faults: anomalies of one fingerprint, which are one mistake that several transactions show.

A history that proves an anomaly often proves it a thousand times, so faults are what a list is made of,
and what is compared with a baseline.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from raceway_core.anomaly_fingerprint import isolation_fingerprint
from raceway_core.isolation.history import Anomaly


class IsolationFault(msgspec.Struct, frozen=True, kw_only=True):
    """How often something was proven, `count`, and the first proof of it."""

    fingerprint: str
    count: int
    example: Anomaly


def faults_of(anomalies: Iterable[Anomaly]) -> list[IsolationFault]:
    """Return the faults that anomalies show, in the order of their first ones."""
    return merge_faults(
        IsolationFault(
            fingerprint=isolation_fingerprint(anomaly.name, anomaly.keys), count=1, example=anomaly
        )
        for anomaly in anomalies
    )


def merge_faults(faults: Iterable[IsolationFault]) -> list[IsolationFault]:
    """Return faults with those of one fingerprint as one, which keeps the first example."""
    known: dict[str, IsolationFault] = {}
    for fault in faults:
        first = known.get(fault.fingerprint)
        count = fault.count + (first.count if first else 0)
        known[fault.fingerprint] = msgspec.structs.replace(first or fault, count=count)
    return list(known.values())
