"""The contract of the TraceStore port about how long calls took, over every database."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.store_rig import LATER, Stores, outcome, stores_on

from raceway_common.database.database import Database
from raceway_common.ports.trace_store import CallMeasures, TraceOutcome
from raceway_core.result import CallTimes

pytestmark = pytest.mark.anyio


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


async def test_times_of_calls_are_sums_over_current_results(stores: Stores) -> None:
    pairs = [("web", "bank"), ("web", "db"), ("nobody", "nothing")]
    times = CallTimes("web", "bank", 2, 1, ((7, 2), (9, 1)))
    first = [timed("a", times, CallTimes("web", "db", 0, 0, ((1, 1),))), timed("b", times)]
    await stores.analyze(*first)
    assert list(await stores.traces.call_measures(pairs)) == [
        CallMeasures(4, 2, {7: 4, 9: 2}),
        CallMeasures(0, 0, {1: 1}),
        CallMeasures(0, 0, {}),
    ]
    await stores.append("a", sequence=9)
    await stores.traces.replace(
        [timed("a", CallTimes("web", "bank", 1, 0, ((9, 1),)), version=2)], now_ns=LATER
    )
    assert list(await stores.traces.call_measures(pairs)) == [
        CallMeasures(3, 1, {7: 2, 9: 2}),
        CallMeasures(0, 0, {}),
        CallMeasures(0, 0, {}),
    ]
    assert await stores.traces.call_measures([]) == []


def timed(name: str, *times: CallTimes, version: int = 1) -> TraceOutcome:
    result = outcome(name, version=version)
    return msgspec.structs.replace(result, summary=msgspec.structs.replace(result.summary, call_times=times))
