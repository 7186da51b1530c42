"""Verdicts on buckets of operations: remembered ones, and for the others what their calls say."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_api.deps import Deps
from raceway_api.operations import Operations, Place
from raceway_api.stored import StoredTraces
from raceway_core.bucketed.bucket import Call
from raceway_core.bucketed.look import Look, look_at
from raceway_core.bucketed.verdict import Verdict, verdicts_of


async def verdicts_on(
    deps: Deps, operations: Operations, places: Sequence[Place], own: Sequence[Call] = ()
) -> list[Verdict]:
    """Return the verdict on each place. `own` are calls that are asked about (`verdict_of`)."""
    in_thread = StoredTraces(deps).in_thread

    def look() -> list[Look]:
        return [look_at(operations.known[family], number) for family, number in unknown]

    unknown = [place for place in places if own or operations.verdict(place) is None]
    looks = await in_thread(look) if unknown else []
    answers = await deps.baselines.calls([query for each in looks for query in each.queries])
    found = dict(zip(unknown, await in_thread(verdicts_of, looks, answers, own), strict=True))
    if not own:
        operations.remember(found)
    return [verdict for place in places if (verdict := found.get(place) or operations.verdict(place))]
