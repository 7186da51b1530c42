"""The contract of the WorkQueue port, over every database. All times are given."""

from __future__ import annotations

from itertools import pairwise

import anyio
import pytest
from tests.contract.store_rig import (
    LATER,
    LEASE_NS,
    MS,
    T0,
    Stores,
    beside,
    message,
    outcome,
    stores_on,
    window,
)

from raceway_common.database.database import Database
from raceway_common.packing import pack_run
from raceway_common.ports.bus import Position
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_common.schedule import PACE
from raceway_core.event import TraceId
from raceway_core.span import SPAN_NS

pytestmark = pytest.mark.anyio

QUIET = T0 + PACE.quiet_ns


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def _names(claims: object) -> list[str]:
    assert isinstance(claims, list)
    return [claim.trace_id for claim in claims]


async def test_a_trace_is_due_after_it_was_quiet(stores: Stores) -> None:
    assert await stores.queue.next_due_ns() is None
    assert await stores.queue.due() == 0

    await stores.append("a", sequence=1)

    assert await stores.queue.claim_traces(10, owner="x", now_ns=QUIET - 1) == []
    assert (await stores.queue.due(), await stores.queue.next_due_ns()) == (1, QUIET)
    claims = await stores.queue.claim_traces(10, owner="x", now_ns=QUIET)
    assert claims == [TraceClaim(TraceId("a"), 1, size=1)]


@pytest.mark.parametrize(("most_size", "sizes"), [(1, [5]), (5, [5]), (6, [5, 1]), (99, [5, 1, 2])])
async def test_no_more_is_claimed_than_fits_but_always_something(
    stores: Stores, most_size: int, sizes: list[int]
) -> None:
    for sequence, (name, size) in enumerate({"a": 5, "b": 1, "c": 2}.items()):
        body = message(name, words=["event"] * size)
        await stores.events.append([(Position("e", sequence), body)], now_ns=T0 + sequence)

    now = QUIET + MS
    first = await stores.queue.claim_traces(9, owner="x", now_ns=now, most_size=most_size)
    others = await stores.queue.claim_traces(9, owner="y", now_ns=now)
    assert [claim.size for claim in first] == sizes
    assert len(first) + len(others) == 3


async def test_longest_due_comes_first_and_no_more_than_asked(stores: Stores) -> None:
    for sequence, name in enumerate("cab"):
        await stores.append(name, sequence=sequence, now_ns=T0 + sequence)

    assert _names(await stores.queue.claim_traces(2, owner="x", now_ns=LATER)) == ["c", "a"]
    assert _names(await stores.queue.claim_traces(2, owner="y", now_ns=LATER)) == ["b"]
    assert await stores.queue.claim_traces(2, owner="x", now_ns=LATER) == []
    assert await stores.queue.due() == 3


async def test_a_lease_ends(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.queue.claim_traces(1, owner="x", now_ns=LATER)

    assert await stores.queue.next_due_ns() == LATER + LEASE_NS
    assert await stores.queue.claim_traces(1, owner="y", now_ns=LATER + LEASE_NS - 1) == []
    assert _names(await stores.queue.claim_traces(1, owner="y", now_ns=LATER + LEASE_NS)) == ["a"]


async def test_release_gives_back_what_its_owner_holds_at_once(stores: Stores) -> None:
    await stores.append("a", "b", sequence=1)
    await stores.queue.claim_traces(1, owner="x", now_ns=LATER)
    await stores.queue.claim_traces(1, owner="y", now_ns=LATER)

    await stores.queue.release(owner="x")

    assert _names(await stores.queue.claim_traces(9, owner="z", now_ns=LATER)) == ["a"]


async def test_release_does_not_take_from_whoever_holds_it_now(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.queue.claim_traces(1, owner="x", now_ns=LATER)
    await stores.queue.claim_traces(1, owner="y", now_ns=LATER + LEASE_NS)

    await stores.queue.release(owner="x")

    assert await stores.queue.claim_traces(1, owner="z", now_ns=LATER + LEASE_NS) == []


async def test_completed_work_is_no_longer_due(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.queue.claim_traces(1, owner="x", now_ns=LATER)
    await stores.traces.replace([outcome("a")], now_ns=LATER)

    assert await stores.queue.due() == 0
    assert await stores.queue.next_due_ns() is None


async def test_a_trace_that_grew_under_analysis_stays_due(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.queue.claim_traces(1, owner="x", now_ns=QUIET)
    await stores.append("a", sequence=2, now_ns=QUIET + 10)
    assert await stores.queue.claim_traces(1, owner="y", now_ns=2 * PACE.quiet_ns + QUIET) == []

    await stores.traces.replace([outcome("a")], now_ns=QUIET + 20)

    assert await stores.queue.next_due_ns() == QUIET + 10 + PACE.quiet_ns
    assert await stores.queue.claim_traces(1, owner="y", now_ns=LATER) == [
        TraceClaim(TraceId("a"), 2, size=2)
    ]


async def test_a_late_result_leaves_the_lease_of_the_next_owner(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.queue.claim_traces(1, owner="slow", now_ns=LATER)
    await stores.append("a", sequence=2, now_ns=LATER + 1)
    now = LATER + LEASE_NS
    assert await stores.queue.claim_traces(1, owner="quick", now_ns=now) != []

    await stores.traces.replace([outcome("a", version=1)], now_ns=now + 1)

    assert await stores.queue.claim_traces(1, owner="third", now_ns=now + 1) == []
    await stores.traces.replace([outcome("a", version=2)], now_ns=now + 2)
    assert await stores.queue.due() == 0


async def test_a_trace_that_never_rests_is_analyzed_as_it_grows(stores: Stores) -> None:
    step = PACE.quiet_ns // 2
    claimed_at: list[int] = []
    for number in range(1, 101):
        now = T0 + number * step
        await stores.append("a", sequence=number, now_ns=now)
        for claim in await stores.queue.claim_traces(1, owner="x", now_ns=now):
            claimed_at.append(claim.size)
            await stores.traces.replace([outcome("a", version=claim.version)], now_ns=now)

    assert 5 <= len(claimed_at) <= 100 * step // PACE.least_ns + 1
    assert all(later >= PACE.growth * earlier for earlier, later in pairwise(claimed_at))


async def test_claimants_never_share_a_trace(stores: Stores) -> None:
    names = {f"t{number}" for number in range(200)}
    await stores.append(*names, sequence=1)
    got: list[str] = []

    async def claim(owner: str) -> None:
        while claims := await stores.queue.claim_traces(7, owner=owner, now_ns=LATER):
            got.extend(claim.trace_id for claim in claims)

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(claim, f"owner-{number}")

    assert sorted(got) == sorted(names)


async def test_appends_claims_and_results_of_many_replicas_end_with_nothing_due(stores: Stores) -> None:
    names = [f"t{number}" for number in range(30)]

    async def append(first: int) -> None:
        for sequence in range(first, first + 10):
            await stores.append(*names[sequence % 7 :: 3], sequence=sequence, now_ns=T0 + sequence)

    async def analyze(owner: str) -> None:
        for turn in range(20):
            now = LATER + turn * LEASE_NS
            claims = await stores.queue.claim_traces(20, owner=owner, now_ns=now)
            results = [
                outcome(claim.trace_id, version=claim.version, windows=[window("v", 0, 1)])
                for claim in claims
            ]
            await stores.traces.replace(results[::-1], now_ns=now)

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(append, 100 * number)
            group.start_soon(analyze, f"owner-{number}")
    await analyze("last")

    assert await stores.queue.claim_traces(1, owner="z", now_ns=LATER + 100 * LEASE_NS) == []
    stored = {row.name: row.trace_count for row in await stores.traces.services()}
    assert stored == {"bank": (await stores.traces.totals()).analyzed_traces}


async def test_runs_are_due_like_traces_and_counted_in_due(stores: Stores) -> None:
    await stores.analyze(outcome("a", windows=[window("v", 0, 1)]), beside(window("v", 0, 1)), now_ns=LATER)

    assert (await stores.queue.due(), await stores.queue.next_due_ns()) == (1, LATER + PACE.for_runs.quiet_ns)
    assert await stores.queue.claim_runs(9, owner="x", now_ns=LATER) == []
    now = LATER + PACE.for_runs.quiet_ns
    run = RunClaim("v", "global", T0 // SPAN_NS, 1, 2)
    assert await stores.queue.claim_runs(9, owner="x", now_ns=now) == [run]
    assert await stores.queue.claim_runs(9, owner="y", now_ns=now) == []
    await stores.queue.release(owner="x")
    assert await stores.queue.claim_runs(9, owner="y", now_ns=now) == [run]

    await stores.findings.replace_runs([pack_run(run, [])], now_ns=now)
    assert await stores.queue.due() == 0


async def test_a_hot_run_is_recounted_as_it_grows(stores: Stores) -> None:
    counts = 0
    for number in range(120):
        now = T0 + number * 100 * MS
        await stores.events.append([(Position("e", number), message(f"t{number}"))], now_ns=now)
        await stores.traces.replace(
            [outcome(f"t{number}", windows=[window("v", number, number)])], now_ns=now
        )
        for claim in await stores.queue.claim_runs(9, owner="x", now_ns=now):
            await stores.findings.replace_runs([pack_run(claim, [])], now_ns=now)
            counts += 1

    assert 4 <= counts <= 9
