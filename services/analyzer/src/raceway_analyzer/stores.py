"""The stores that analysis reads and writes, together."""

from __future__ import annotations

from typing import NamedTuple

from raceway_common.ports.event_store import EventStore
from raceway_common.ports.finding_store import FindingStore
from raceway_common.ports.trace_store import TraceStore
from raceway_common.ports.work_queue import WorkQueue


class Stores(NamedTuple):
    """Where work comes from and where results go."""

    queue: WorkQueue
    events: EventStore
    traces: TraceStore
    findings: FindingStore
