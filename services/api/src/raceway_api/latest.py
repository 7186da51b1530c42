"""Answers that are a function of all results: cached until any result is replaced."""

from __future__ import annotations

from raceway_api.answer import Build, cached
from raceway_api.deps import Deps


async def cached_result(deps: Deps, asked: str, build: Build) -> bytes:
    """Return what `build` returned for the current results, from the cache if it is there.

    The version is read before the results are: an answer is kept as older than it is, never as newer.
    """
    version = await deps.traces.version()
    return await cached(deps.cache, f"{asked}/{deps.started_ns}", version, build)
