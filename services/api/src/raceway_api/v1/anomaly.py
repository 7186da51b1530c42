"""Anomalies for `/api/v1`: those of one trace, and all, the newest ten minutes first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from raceway_api.anomalies import AnomalyReader
from raceway_api.cursor import write_cursor
from raceway_common.ports.baseline_store import BaselineStore
from raceway_core.anomaly import Anomaly
from raceway_core.anomaly_view import AnomalyView, NormalView, view_anomaly
from raceway_core.bucketed.bucket import BUCKET_NS
from raceway_core.event import TraceId
from raceway_core.time import FIRST_NS

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
    """A page of anomalies; `next_cursor` is null on the last page. A page may have fewer than asked for.

    `is_cut` tells that in the time of this page more was slow than is looked into, so that some anomalies
    are missing.
    """

    anomalies: list[AnomalyView]
    next_cursor: str | None
    is_cut: bool


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


class AnomalyQuery(NamedTuple):
    """Which page is asked for: at most `limit`, after a cursor, of what ended at `since_ns` or later.

    `limits_ns` are by name of operation what it may take at most.
    """

    limit: int
    after: AnomalyCursor | None = None
    since_ns: int = FIRST_NS
    limits_ns: Mapping[str, int] = MappingProxyType({})

    def wants(self, anomaly: Anomaly) -> bool:
        """Whether an anomaly belongs to this page, or to one after it."""
        is_next = self.after is None or cursor_of(anomaly).place > self.after.place
        return is_next and anomaly.at_ns >= self.since_ns

    def page(
        self, found: Sequence[Anomaly], rest: AnomalyCursor | None = None, *, is_cut: bool
    ) -> AnomalyList:
        """Return the page; what was not looked into yet begins at `rest`."""
        shown = found[: self.limit]
        after = cursor_of(shown[-1]) if len(found) > self.limit else rest
        return AnomalyList(
            [view_anomaly(each) for each in shown], write_cursor(after) if after else None, is_cut
        )


async def find_page(store: BaselineStore, reader: AnomalyReader, query: AnomalyQuery) -> AnomalyList:
    """Return the next page. It goes back by a bounded time, through times in which anything was called."""
    found: list[Anomaly] = []
    is_cut = False
    until = None if query.after is None else query.after.bucket
    earliest = query.since_ns // BUCKET_NS
    newest = await store.newest()
    for buckets in _BUCKETS_AT_ONCE:
        last = await store.newest(until=until)
        if newest is None or last is None or last < earliest:
            return query.page(found, is_cut=is_cut)
        first = max(last - buckets + 1, earliest)
        between = await reader.between(first, last, newest=newest, limits_ns=query.limits_ns)
        is_cut |= between.is_cut
        found += sorted(filter(query.wants, between.found), key=lambda each: cursor_of(each).place)
        until = first - 1
        if len(found) > query.limit:
            break
    return query.page(found, AnomalyCursor(first - 1), is_cut=is_cut)
