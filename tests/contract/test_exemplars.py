"""The contract of exemplars in the TraceStore and of runs over all time in the WorkQueue."""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import msgspec
import pytest
from tests.contract.store_rig import LATER, MS, Stores, outcome, stores_on, window

from raceway_common.database.database import Database
from raceway_common.packing import pack_run
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.ports.work_queue import EVER, RunClaim
from raceway_core.across.exemplar import MOST_CLASSES
from raceway_core.deed_key import NO_DEEDS, DeedKey
from raceway_core.result import Window

pytestmark = pytest.mark.anyio

SPLIT, OTHER, WHOLE = (DeedKey(key + b"-key") for key in (b"\x00a", b"\x00b", b"\x01a"))
FOREVER = LATER + 3_600_000 * MS
HOUR = 3_600_000


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def touched(variable: str, deeds: DeedKey, *, at: int = 0, body: bytes = b"w") -> Window:
    return msgspec.structs.replace(window(variable, at, at + 1, body=body), deeds=deeds)


def left_by(trace_id: str, deeds: DeedKey, *, at: int = 0, version: int = 1) -> TraceOutcome:
    return outcome(trace_id, version=version, windows=[touched("x", deeds, at=at)])


async def shown(stores: Stores, *variables: str) -> list[list[tuple[str, bytes]]]:
    claims = [RunClaim(variable, "global", EVER, 1) for variable in variables or ("x",)]
    found = await stores.traces.exemplars(claims)
    return [[(trace_id, it.deeds) for trace_id, it in of_run] for of_run in found]


async def ever_due(stores: Stores) -> Sequence[str]:
    """Return the variables whose runs over all time are due, and count all that are due."""
    claims = await stores.claim_runs(now_ns=FOREVER)
    await stores.findings.replace_runs([pack_run(claim, ()) for claim in claims], now_ns=FOREVER)
    return [claim.variable for claim in claims if claim.is_ever]


async def test_a_run_over_all_time_begins_with_the_first_split_window(stores: Stores) -> None:
    await stores.analyze(left_by("a", WHOLE), left_by("b", WHOLE, at=HOUR))
    assert await ever_due(stores) == []
    await stores.analyze(left_by("c", SPLIT, at=2 * HOUR))
    assert await ever_due(stores) == ["x"]
    assert await shown(stores) == [[("a", WHOLE), ("b", WHOLE), ("c", SPLIT)]]


async def test_a_window_alone_in_its_span_makes_it_due(stores: Stores) -> None:
    await stores.analyze(left_by("a", SPLIT))
    assert await ever_due(stores) == ["x"]
    await stores.analyze(left_by("b", WHOLE, at=9 * HOUR))
    assert await ever_due(stores) == ["x"]


async def test_what_has_no_deeds_means_nothing_to_it(stores: Stores) -> None:
    await stores.analyze(left_by("a", SPLIT))
    await ever_due(stores)
    await stores.analyze(left_by("b", NO_DEEDS, at=HOUR))
    assert await ever_due(stores) == []
    assert await shown(stores) == [[("a", SPLIT)]]


async def test_it_is_due_when_a_window_goes(stores: Stores) -> None:
    await stores.analyze(left_by("a", SPLIT), left_by("b", WHOLE, at=HOUR))
    await ever_due(stores)
    await stores.analyze(outcome("b", version=2))
    assert await ever_due(stores) == ["x"]
    assert await shown(stores) == [[("a", SPLIT)]]


async def test_the_same_result_again_changes_nothing(stores: Stores) -> None:
    await stores.analyze(left_by("a", SPLIT))
    await ever_due(stores)
    await stores.analyze(left_by("a", SPLIT, version=2))
    assert await ever_due(stores) == []


async def test_the_earliest_and_the_latest_of_a_class_are_shown(stores: Stores) -> None:
    times = {"g": 7, "f": 1, "e": 5, "d": 2, "c": 5, "b": 9, "a": 6}
    await stores.analyze(*(left_by(name, SPLIT, at=at * HOUR) for name, at in times.items()))
    assert await shown(stores) == [[(name, SPLIT) for name in "bcdef"]]
    await stores.analyze(left_by("d", WHOLE, version=2), left_by("b", SPLIT, at=8 * HOUR, version=2))
    expected = {"a": SPLIT, "b": SPLIT, "c": SPLIT, "d": WHOLE, "e": SPLIT, "f": SPLIT}
    assert await shown(stores) == [list(expected.items())]


async def test_runs_are_read_together(stores: Stores) -> None:
    windows = [touched("x", SPLIT, body=b"1"), touched("y", WHOLE, body=b"2"), touched("z", NO_DEEDS)]
    await stores.analyze(outcome("a", windows=windows), outcome("b", windows=[touched("y", OTHER)]))
    assert await ever_due(stores) == ["x", "y"]
    assert await shown(stores, "y", "none", "z", "x") == [
        [("a", WHOLE), ("b", OTHER)],
        [],
        [],
        [("a", SPLIT)],
    ]


async def test_those_that_may_lose_something_are_read_first(stores: Stores) -> None:
    keys = [DeedKey(b"\x01" + number.to_bytes(2, "big")) for number in range(MOST_CLASSES)]
    await stores.analyze(*(left_by(f"t{number:03}", key) for number, key in enumerate(keys)))
    await stores.analyze(left_by("z", SPLIT, at=HOUR))
    (found,) = await shown(stores)
    assert found == [*((f"t{number:03}", key) for number, key in enumerate(keys[:-1])), ("z", SPLIT)]


async def test_whoever_writes_at_once_the_last_count_has_read_everything(stores: Stores) -> None:
    counted: list[list[tuple[str, bytes]]] = []

    async def write(number: int) -> None:
        key = SPLIT if number % 3 == 1 else DeedKey(b"\x01" + bytes([number]))
        await stores.analyze(left_by(f"t{number:02}", key, at=number * HOUR))
        await count()

    async def count() -> None:
        for claim in await stores.claim_runs(now_ns=FOREVER):
            if claim.is_ever:
                counted.append((await shown(stores))[0])
            await stores.findings.replace_runs([pack_run(claim, ())], now_ns=FOREVER)

    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(write, number)
    await count()
    assert await ever_due(stores) == []
    assert counted[-1] == (await shown(stores))[0]
