"""What took longer, or failed more often, than it did: in one trace and overall."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.anomalies import AnomalyReader
from raceway_api.answer import answer, encode, enveloped, shows, shows_enveloped
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.latest import cached_result
from raceway_api.original.anomaly import TraceAnomaliesView, view_anomalies
from raceway_api.parameter import CursorText, Limit, Since, TraceIdText, time_of, trace_id_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.anomaly import AnomalyCursor, AnomalyList, AnomalyQuery, TraceAnomalyList, find_page
from raceway_common.ports.trace_store import Section
from raceway_common.web.error import AnyRequest
from raceway_core.anomaly_view import view_anomaly, view_normal
from raceway_core.errors import Rejected
from raceway_core.time import FIRST_NS

Slow = Annotated[
    list[str] | None,
    QueryParameter(
        description="`NAME=NANOSECONDS`: the longest an operation of that name may take; may be repeated"
    ),
]
_LIMIT = re.compile(r"(.+)=(\d{1,18})", re.ASCII | re.DOTALL)


@get(
    ["/traces/{trace_id:str}/anomalies", "/api/traces/{trace_id:str}/anomalies"],
    tags=["Traces"],
    summary="What took unusually long in one trace, the costliest first",
    responses=shows_enveloped(TraceAnomaliesView, 400, 404),
)
async def get_anomalies(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    known = trace_id_of(trace_id)
    traces = StoredTraces(deps)
    stored = await traces.read(known, Section.MEASUREMENTS)
    found = (await AnomalyReader(deps).of_trace(known, stored.measurements)).found
    if found:
        stored = await traces.read(known, Section.MEASUREMENTS, with_events=True)
    views = view_anomalies(found, stored.measurements, stored.ordered.events)
    return answer(request, enveloped(TraceAnomaliesView(known, len(views), views)))


@get(
    "/api/v1/traces/{trace_id:str}/anomalies",
    tags=["Traces v1"],
    summary="What was not normal in one trace, and what is normal for its operations",
    responses=shows(TraceAnomalyList, 400, 404),
)
async def list_trace_anomalies(request: AnyRequest, deps: Given, trace_id: TraceIdText) -> Response[bytes]:
    stored = await StoredTraces(deps).read(trace_id_of(trace_id), Section.MEASUREMENTS)
    found, normal = await AnomalyReader(deps).of_trace(stored.trace_id, stored.measurements)
    view = TraceAnomalyList(
        trace_id=stored.trace_id,
        as_of=stored.as_of,
        version=stored.version,
        anomalies=[view_anomaly(each) for each in found],
        baselines=[view_normal(each) for each in normal],
        insufficient_data=any(each.is_insufficient for each in normal),
    )
    return answer(request, encode(view))


@get(
    "/api/v1/anomalies",
    tags=["Performance v1"],
    summary="What was not normal, the newest ten minutes first, in them the worst",
    responses=shows(AnomalyList, 400),
)
async def list_anomalies(
    request: AnyRequest,
    deps: Given,
    *,
    limit: Limit = 50,
    cursor: CursorText = None,
    since: Since = None,
    slow: Slow = None,
) -> Response[bytes]:
    query = AnomalyQuery(
        limit,
        read_cursor(cursor, AnomalyCursor) if cursor else None,
        FIRST_NS if since is None else time_of(since, "since"),
        dict(sorted(map(_limit_of, slow or ()))),
    )

    async def build() -> bytes:
        return encode(await find_page(deps.baselines, AnomalyReader(deps), query))

    asked = blake2b(repr(query).encode(), digest_size=16).hexdigest()
    return answer(request, await cached_result(deps, f"v1/anomalies/{asked}", build))


def _limit_of(text: str) -> tuple[str, int]:
    match = _LIMIT.fullmatch(text)
    if match is None:
        raise Rejected(f"slow: expected NAME=NANOSECONDS, got {text[:60]!r}")
    return match[1], int(match[2])


HANDLERS = (get_anomalies, list_trace_anomalies, list_anomalies)
