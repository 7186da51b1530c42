"""Anomalies for `/api/v1`: those of one trace, and all, the newest ten minutes first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.anomalies import AnomalyReader
from raceway_api.cursor import write_cursor
from raceway_common.ports.baseline_store import BaselineStore
from raceway_core.anomaly import Anomaly
from raceway_core.anomaly_view import AnomalyView, NormalView, view_anomaly
from raceway_core.bucketed.bucket import BUCKET_NS
from raceway_core.event import TraceId

_BUCKETS_AT_ONCE = (6, 18, 54, 72)


class TraceAnomalyList(msgspec.Struct, frozen=True, kw_only=True):
    """The costliest first. `insufficient_data`: of some operation of the trace too little is known.

    `baselines` has what is normal for each operation, from what came before and around it.
    """

    trace_id: TraceId
    as_of: int
    version: int
    anomalies: list[AnomalyView]
    baselines: list[NormalView]
    insufficient_data: bool


class AnomalyList(msgspec.Struct, frozen=True):
    """A page of anomalies; `next_cursor` is null on the last page. A page may have fewer than asked for."""

    anomalies: list[AnomalyView]
    next_cursor: str | None


class AnomalyCursor(msgspec.Struct, frozen=True, array_like=True):
    """The last anomaly of a page: the newest bucket first, in it the worst, then the costliest."""

    bucket: int
    severity_rank: int = -1
    contribution_ns: int = 0
    trace_id: str = ""
    event_id: str = ""
    kind: str = ""

    @property
    def place(self) -> tuple[int, int, int, str, str, str]:
        """What the list is sorted by."""
        return (
            -self.bucket,
            self.severity_rank,
            -self.contribution_ns,
            self.trace_id,
            self.event_id,
            self.kind,
        )


def cursor_of(anomaly: Anomaly) -> AnomalyCursor:
    """Return the cursor of a page that ends with `anomaly`."""
    return AnomalyCursor(
        anomaly.at_ns // BUCKET_NS,
        anomaly.severity.rank,
        anomaly.contribution_ns,
        anomaly.trace_id,
        anomaly.event_id,
        anomaly.kind.value,
    )


async def find_page(
    store: BaselineStore, reader: AnomalyReader, *, limit: int, after: AnomalyCursor | None
) -> AnomalyList:
    """Return the next page. It goes back by a bounded time, through times in which anything was called."""
    found: list[Anomaly] = []
    until = None if after is None else after.bucket
    newest = await store.newest()
    for buckets in _BUCKETS_AT_ONCE:
        last = await store.newest(until=until)
        if newest is None or last is None:
            return _page(found, limit, None)
        first = last - buckets + 1
        between = await reader.between(first, last, newest=newest)
        anomalies = sorted(between, key=lambda each: cursor_of(each).place)
        found += [each for each in anomalies if after is None or cursor_of(each).place > after.place]
        until = first - 1
        if len(found) > limit:
            break
    return _page(found, limit, AnomalyCursor(first - 1))


def _page(found: Sequence[Anomaly], limit: int, rest: AnomalyCursor | None) -> AnomalyList:
    shown = found[:limit]
    after = cursor_of(shown[-1]) if len(found) > limit else rest
    return AnomalyList([view_anomaly(each) for each in shown], write_cursor(after) if after else None)
