"""Races of all traces, and services, in the original's shape."""

from __future__ import annotations

from litestar import Response, get

from raceway_api.answer import answer, cached, enveloped, shows_enveloped
from raceway_api.deps import Deps, Given
from raceway_api.original.listing import (
    GlobalAnalysisView,
    RacesView,
    ServicesView,
    view_global_analysis,
    view_services,
)
from raceway_api.original.race import MOST_GLOBAL_RACES, GlobalRaceView, view_global_race
from raceway_common.web.error import AnyRequest


@get(
    "/races",
    tags=["Races"],
    summary="What races, one entry per fault, strongest first",
    responses=shows_enveloped(RacesView),
)
async def list_races(request: AnyRequest, deps: Given) -> Response[bytes]:
    async def build() -> bytes:
        races, total = await _first_races(deps)
        return enveloped(RacesView(total, races))

    version = await deps.findings.version()
    return answer(request, await cached(deps.cache, f"races/{deps.started_ns}", version, build))


@get(
    "/api/analyze/global",
    tags=["Races"],
    summary="Races of all traces, with totals",
    responses=shows_enveloped(GlobalAnalysisView),
)
async def analyze_globally(request: AnyRequest, deps: Given) -> Response[bytes]:
    version = await deps.findings.version()
    totals = await deps.traces.totals()

    async def build() -> bytes:
        races, total = await _first_races(deps)
        return enveloped(view_global_analysis(totals, races, potential_races=total))

    key = f"global/{deps.started_ns}/{totals.traces}/{totals.events}/{totals.race_pairs}"
    return answer(request, await cached(deps.cache, key, version, build))


@get(
    ["/services", "/api/services"],
    tags=["Services"],
    summary="Services by name",
    responses=shows_enveloped(ServicesView),
)
async def list_services(request: AnyRequest, deps: Given) -> Response[bytes]:
    return answer(request, enveloped(view_services(await deps.traces.services())))


async def _first_races(deps: Deps) -> tuple[list[GlobalRaceView], int]:
    """Return the first findings that are shown by default, and how many there are in all."""
    findings = await deps.findings.page(limit=MOST_GLOBAL_RACES, after=None)
    views = (view_global_race(finding) for finding in findings)
    return [view for view in views if view is not None], await deps.findings.count()


HANDLERS = (list_races, analyze_globally, list_services)
