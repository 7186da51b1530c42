"""`/api/v1/races`: the findings of all traces."""

from __future__ import annotations

from hashlib import blake2b
from typing import Annotated

from litestar import Response, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, QueryParameter

from raceway_api.answer import answer, cached, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.parameter import CursorText, Limit, Since, name_of, time_of
from raceway_api.v1.race import FindingFilter, FindingList, find, view_findings
from raceway_common.errors import NotFound
from raceway_common.ports.finding_store import FindingCursor, Wanted
from raceway_common.web.error import AnyRequest
from raceway_core.finding import FindingKind, Verdict
from raceway_core.finding_view import FindingView, view_finding

All = Annotated[bool, QueryParameter(description="Also what is hidden as noise")]


def _wanted(
    *,
    all: All = False,
    kind: FromQuery[FindingKind | None] = None,
    verdict: FromQuery[Verdict | None] = None,
    variable: FromQuery[str | None] = None,
    since: Since = None,
) -> FindingFilter:
    name = None if variable is None else name_of(variable, "variable")
    since_ns = None if since is None else time_of(since, "since")
    return FindingFilter(Wanted(with_hidden=all, since_ns=since_ns, kind=kind, verdict=verdict), name)


@get(
    "/api/v1/races",
    tags=["Races v1"],
    summary="Findings: strongest, uncovered, worst and nearest first",
    responses=shows(FindingList, 400),
    dependencies={"wanted": Provide(_wanted, sync_to_thread=False)},
)
async def list_races(
    request: AnyRequest,
    deps: Given,
    *,
    wanted: NamedDependency[FindingFilter],
    limit: Limit = 50,
    cursor: CursorText = None,
) -> Response[bytes]:
    after = read_cursor(cursor, FindingCursor) if cursor else None
    version = await deps.findings.version()

    async def build() -> bytes:
        found = await find(deps.findings, wanted, limit=limit + 1, after=after)
        return encode(view_findings(found, limit=limit, version=version))

    asked = blake2b(repr((limit, after, wanted)).encode(), digest_size=16).hexdigest()
    key = f"v1/races/{deps.started_ns}/{asked}"
    return answer(request, await cached(deps.cache, key, version, build))


@get(
    "/api/v1/races/{fingerprint:str}",
    tags=["Races v1"],
    summary="One finding, by its fingerprint or one that it absorbed",
    responses=shows(FindingView, 400, 404),
)
async def get_race(request: AnyRequest, deps: Given, fingerprint: FromPath[str]) -> Response[bytes]:
    groups = await deps.findings.by_fingerprint(name_of(fingerprint, "fingerprint"))
    if not groups:
        raise NotFound(f"no finding has the fingerprint {fingerprint[:60]!r}")
    return answer(request, encode(view_finding(groups[0])))


HANDLERS = (list_races, get_race)
