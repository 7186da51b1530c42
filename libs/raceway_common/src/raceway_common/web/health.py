"""Is it alive, is it ready, which version is it: three routes that are open to everybody.

Alive means that the process answers: an orchestrator restarts it otherwise. Ready means that what
it depends on answers too: else it should get no requests, but restarting it would not help.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

import anyio
import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from raceway_core.errors import Retryable

CHECK_DEADLINE_S = 2.0

Check: TypeAlias = Callable[[], Awaitable[object]]
"""Returns when a dependency answers; raises Retryable, with the reason, when it does not."""


class Liveness(msgspec.Struct, frozen=True):
    status: str


class Readiness(msgspec.Struct, frozen=True):
    """`checks` says of each dependency `ok` or what is wrong with it."""

    status: str
    checks: dict[str, str]


class Version(msgspec.Struct, frozen=True):
    name: str
    version: str


def health_routes(checks: Mapping[str, Check], *, version: str) -> list[HTTPRouteHandler]:
    """Return the routes `/livez`, `/readyz` (200 or 503) and `/version`."""

    @get("/livez", tags=["Operation"], summary="Is the process alive?")
    async def livez() -> Liveness:
        return Liveness("ok")

    @get("/readyz", tags=["Operation"], summary="Can the service do its work? 503 if not")
    async def readyz() -> Response[Readiness]:
        found = await run_checks(checks)
        is_ready = all(state == "ok" for state in found.values())
        body = Readiness("ready" if is_ready else "not ready", found)
        return Response(body, status_code=200 if is_ready else 503)

    @get("/version", tags=["Operation"], summary="Which version of Raceway is this?")
    async def version_() -> Version:
        return Version("raceway", version)

    return [livez, readyz, version_]


async def run_checks(checks: Mapping[str, Check], *, deadline_s: float = CHECK_DEADLINE_S) -> dict[str, str]:
    """Run all checks at once and return `ok` or the reason for each, in their order."""
    found = dict.fromkeys(checks, f"no answer within {deadline_s:g} s")

    async def run(name: str, check: Check) -> None:
        with anyio.move_on_after(deadline_s):
            try:
                await check()
            except Retryable as error:
                found[name] = str(error)
            else:
                found[name] = "ok"

    async with anyio.create_task_group() as group:
        for name, check in checks.items():
            group.start_soon(run, name, check)
    return found
