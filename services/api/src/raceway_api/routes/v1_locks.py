"""`/api/v1/locks`, `/deadlocks` and `/isolation`: over all traces."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

import msgspec
from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, cached, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Deps, Given
from raceway_api.duration import duration_ns_of
from raceway_api.parameter import CursorText, Limit, Since, name_of, time_of
from raceway_api.stored import StoredTraces
from raceway_api.v1.deadlock import DeadlockList
from raceway_api.v1.isolation import RecentIsolation, ResourceIsolation, check_rows, digest_of, newest_within
from raceway_api.v1.lock import LockList, view_locks
from raceway_api.v1.race import FindingFilter, find, view_findings
from raceway_common.ports.finding_store import FindingCursor, Wanted
from raceway_common.ports.trace_store import LockCursor
from raceway_common.web.error import AnyRequest
from raceway_core.errors import Rejected
from raceway_core.finding import FindingKind

MOST_TRANSACTIONS = 5_000
"""So many are checked at once: less than a second's work, of the hardest histories five."""

Last = Annotated[
    str | None,
    QueryParameter(
        description="How far back, by event time: `90s`, `15m`, `2h`, `7d`; 15 minutes if nothing is said"
    ),
]
_LAST = "15m"
Resource = Annotated[
    str | None,
    QueryParameter(description="Only transactions of this resource; empty: of those that name none"),
]


@get(
    "/api/v1/locks",
    tags=["Locks v1"],
    summary="Locks of all traces, summed by pattern, the one most waited for first",
    responses=shows(LockList, 400),
)
async def list_locks(
    request: AnyRequest, deps: Given, *, limit: Limit = 50, cursor: CursorText = None
) -> Response[bytes]:
    after = read_cursor(cursor, LockCursor) if cursor else None
    rows = await deps.traces.locks(limit=limit + 1, after=after)
    return answer(request, encode(view_locks(rows, limit=limit)))


@get(
    "/api/v1/deadlocks",
    tags=["Locks v1"],
    summary="Deadlocks of all traces, seen ones first; the findings of kind `deadlock`",
    responses=shows(DeadlockList, 400),
)
async def list_deadlocks(
    request: AnyRequest, deps: Given, *, limit: Limit = 50, cursor: CursorText = None
) -> Response[bytes]:
    after = read_cursor(cursor, FindingCursor) if cursor else None
    wanted = FindingFilter(Wanted(kind=FindingKind.DEADLOCK))
    version = await deps.findings.version()

    async def build() -> bytes:
        found = await find(deps.findings, wanted, limit=limit + 1, after=after)
        page = view_findings(found, limit=limit, version=version)
        return encode(DeadlockList(page.races, page.next_cursor, version))

    asked = blake2b(repr((limit, after)).encode(), digest_size=16).hexdigest()
    key = f"v1/deadlocks/{deps.started_ns}/{asked}"
    return answer(request, await cached(deps.cache, key, version, build))


@get(
    "/api/v1/isolation",
    tags=["Locks v1"],
    summary="What the declared transactions of recent traces prove together, by resource",
    description=(
        "Transactions meet in the resource that they name, usually a database. The newest "
        f"{MOST_TRANSACTIONS:,} are checked; `cut` says that there were more. Nothing is known of what was "
        "written before: where values repeat, only versions decide. While nobody declares anything else in "
        "that time, it is not checked again."
    ),
    responses=shows(RecentIsolation, 400),
)
async def check_isolation(
    request: AnyRequest,
    deps: Given,
    *,
    resource: Resource = None,
    last: Last = None,
    since: Since = None,
    limit: Limit = 100,
) -> Response[bytes]:
    since_ns = _since_ns(deps, last, since)
    name = None if resource is None else name_of(resource, "resource")
    rows = await deps.traces.declared(since_ns=since_ns, resource=name, limit=MOST_TRANSACTIONS + 1)

    in_thread = StoredTraces(deps).in_thread
    newest = newest_within(rows, MOST_TRANSACTIONS)
    asked = await in_thread(digest_of, newest)

    async def build() -> bytes:
        return await in_thread(lambda: encode(check_rows(newest, limit=limit)))

    checked = await cached(deps.cache, f"v1/isolation/{deps.started_ns}/{limit}/{asked}", 1, build)
    resources = msgspec.json.decode(checked, type=list[ResourceIsolation])
    view = RecentIsolation(since_ns=str(since_ns), cut=len(newest) < len(rows), resources=resources)
    return answer(request, encode(view))


def _since_ns(deps: Deps, last: str | None, since: str | None) -> int:
    if since is None:
        return deps.now_ns() - duration_ns_of(_LAST if last is None else last, "last")
    if last is not None:
        raise Rejected("last, since: both say how far back to look; leave one of them out")
    return time_of(since, "since")


HANDLERS = (list_locks, list_deadlocks, check_isolation)
