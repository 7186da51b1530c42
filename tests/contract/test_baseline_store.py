"""The contract of the BaselineStore port, over every database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import permutations
from random import Random

import anyio
import pytest
from tests.contract.store_rig import LATER, MS, T0, Stores, measurement, outcome, stores_on

from raceway_common.database.database import Database
from raceway_common.packing import unpack_measurements
from raceway_common.ports.trace_store import Section, TraceOutcome
from raceway_core.baseline.sketch import bucket_of
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket, Call, CallQuery
from raceway_core.event import TraceId
from raceway_core.measured import Measurement, Operation

pytestmark = pytest.mark.anyio

PAY = Operation("bank", "pay", "FunctionCall", "")
FAILED = PAY._replace(status="error")
FIRST = T0 // BUCKET_NS
BUCKET_MS = BUCKET_NS // MS
LONGEST_NS = 2**63 - 1


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def pay(end_ms: int, took_ms: int, *, status: str = "", critical_ns: int = 0) -> Measurement:
    return measurement("pay", end_ms, took_ms * MS, status=status, critical_ns=critical_ns)


async def all_buckets(stores: Stores) -> list[Bucket]:
    found = await stores.baselines.buckets(None, first=-(2**62), last=2**62)
    return sorted(found, key=lambda bucket: (bucket.operation, bucket.number))


async def all_calls(stores: Stores, operation: Operation = PAY) -> Sequence[Call]:
    [found] = await stores.baselines.calls([CallQuery(operation, -(2**62), 2**62, 10_000)])
    return found


async def test_an_empty_store_knows_nothing(stores: Stores) -> None:
    assert await stores.baselines.newest() is None
    assert await all_buckets(stores) == []
    assert await stores.baselines.buckets([PAY], first=0, last=2**40) == []
    assert await stores.baselines.buckets([], first=0, last=2**40) == []
    assert await stores.baselines.calls([]) == []
    assert await all_calls(stores) == []


async def test_calls_add_up_by_operation_and_time(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", measurements=[pay(1, 5, critical_ns=3000), pay(2, 5), pay(BUCKET_MS, 5)]),
        outcome("b", measurements=[pay(3, 80, critical_ns=4000), pay(4, 5, status="error")]),
    )
    five, eighty = bucket_of(5 * MS), bucket_of(80 * MS)
    assert await all_buckets(stores) == [
        Bucket(PAY, FIRST, {five: 2, eighty: 1}, 7),
        Bucket(PAY, FIRST + 1, {five: 1}, 0),
        Bucket(FAILED, FIRST, {five: 1}, 0),
    ]


async def test_buckets_are_found_by_family_and_time(stores: Stores) -> None:
    other = measurement("read", 1, 5)
    abroad = measurement("pay", 1, 5, service="shop")
    await stores.analyze(
        outcome("a", measurements=[pay(1, 5), pay(1, 5, status="error"), pay(BUCKET_MS, 5), other, abroad])
    )
    of_family = await stores.baselines.buckets([PAY], first=FIRST, last=FIRST)
    assert {bucket.operation for bucket in of_family} == {PAY, FAILED}
    [later] = await stores.baselines.buckets([PAY, PAY], first=FIRST + 1, last=FIRST + 9)
    assert (later.operation, later.number) == (PAY, FIRST + 1)
    assert len(await stores.baselines.buckets(None, first=FIRST, last=FIRST)) == 4


async def test_the_newest_bucket_is_known(stores: Stores) -> None:
    await stores.analyze(outcome("a", measurements=[pay(1, 5), pay(5 * BUCKET_MS, 5)]))
    assert await stores.baselines.newest() == FIRST + 5
    assert await stores.baselines.newest(until=FIRST + 4) == FIRST
    assert await stores.baselines.newest(until=FIRST - 1) is None


async def test_calls_are_found_longest_first(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", measurements=[pay(1, 5), pay(2, 7)]),
        outcome("b", measurements=[pay(3, 7), pay(BUCKET_MS, 9)]),
    )
    assert await all_calls(stores) == [
        Call(PAY, TraceId("b"), 1, T0 + BUCKET_NS, 9 * MS),
        Call(PAY, TraceId("b"), 0, T0 + 3 * MS, 7 * MS),
        Call(PAY, TraceId("a"), 1, T0 + 2 * MS, 7 * MS),
        Call(PAY, TraceId("a"), 0, T0 + MS, 5 * MS),
    ]
    one, few, none = await stores.baselines.calls(
        [
            CallQuery(PAY, FIRST, FIRST, 1),
            CallQuery(PAY, FIRST, FIRST + 1, 10, least_ns=7 * MS),
            CallQuery(FAILED, FIRST, FIRST, 1),
        ]
    )
    assert [(call.trace_id, call.place) for call in one] == [("b", 0)]
    assert [(call.trace_id, call.place) for call in few] == [("b", 1), ("b", 0), ("a", 1)]
    assert none == []


async def test_a_replaced_result_takes_back_what_it_added(stores: Stores) -> None:
    await stores.analyze(outcome("a", measurements=[pay(1, 5, critical_ns=9000), pay(2, 6)]), outcome("b"))
    await stores.analyze(outcome("a", version=2, measurements=[pay(1, 5), pay(BUCKET_MS, 60)]))
    assert await all_buckets(stores) == [
        Bucket(PAY, FIRST, {bucket_of(5 * MS): 1}, 0),
        Bucket(PAY, FIRST + 1, {bucket_of(60 * MS): 1}, 0),
    ]
    assert [call.duration_ns // MS for call in await all_calls(stores)] == [60, 5]

    await stores.analyze(outcome("a", version=3))
    assert await all_buckets(stores) == []
    assert await all_calls(stores) == []


async def changed(stores: Stores, since: int) -> list[tuple[Operation, int, int]]:
    """Return which sums changed, and how many calls they have."""
    version, buckets = await stores.baselines.changes(since=since, first=FIRST, last=FIRST + 1)
    assert version == await stores.traces.version()
    return sorted((bucket.operation, bucket.number, sum(bucket.counts.values())) for bucket in buckets)


async def test_changes_are_told_since_a_version(stores: Stores) -> None:
    assert await changed(stores, 0) == []
    await stores.analyze(
        outcome("a", measurements=[pay(1, 5), pay(2, 5, status="error")]),
        outcome("b", measurements=[pay(BUCKET_MS, 5), pay(2 * BUCKET_MS, 5)]),
    )
    first = await stores.traces.version()
    everything = [(PAY, FIRST, 1), (PAY, FIRST + 1, 1), (FAILED, FIRST, 1)]
    assert (first, await changed(stores, 0), await changed(stores, first)) == (1, everything, [])

    await stores.analyze(outcome("c", measurements=[pay(3, 7)]))
    second = await stores.traces.version()
    assert await changed(stores, first) == [(PAY, FIRST, 2)]

    await stores.analyze(outcome("a", version=2, measurements=[pay(1, 5)]))
    assert await changed(stores, second) == [(FAILED, FIRST, 0)]
    assert await changed(stores, first) == [(PAY, FIRST, 2), (FAILED, FIRST, 0)]


async def test_calls_that_change_in_the_same_sums_are_changes(stores: Stores) -> None:
    await stores.analyze(outcome("a", measurements=[pay(1, 5)]))
    version = await stores.traces.version()
    await stores.analyze(outcome("a", version=2, measurements=[pay(2, 5)]))
    assert await changed(stores, version) == [(PAY, FIRST, 1)]


async def test_an_old_or_repeated_result_changes_nothing(stores: Stores) -> None:
    newer = outcome("a", version=2, measurements=[pay(1, 5)])
    await stores.analyze(newer)
    before = await all_buckets(stores), await all_calls(stores), await stores.traces.version()
    await stores.traces.replace([newer, outcome("a", measurements=[pay(1, 50)])], now_ns=LATER)
    assert (await all_buckets(stores), await all_calls(stores), await stores.traces.version()) == before


async def test_numbers_as_large_as_they_get_are_kept(stores: Stores) -> None:
    long = measurement("pay", 0, LONGEST_NS + 5, critical_ns=LONGEST_NS)
    await stores.analyze(*(outcome(f"t{number}", measurements=[long]) for number in range(3)))
    assert [call.duration_ns for call in await all_calls(stores)] == [LONGEST_NS] * 3
    [bucket] = await all_buckets(stores)
    assert bucket.counts == {bucket_of(LONGEST_NS): 3}


async def test_measurements_are_read_for_many_traces(stores: Stores) -> None:
    taken = (pay(1, 5), pay(2, 7, status="error"))
    await stores.analyze(outcome("a", measurements=taken), outcome("b"))
    wanted = [TraceId("a"), TraceId("b"), TraceId("unknown")]
    found = await stores.traces.sections(wanted, Section.MEASUREMENTS)
    assert {trace_id: unpack_measurements(body) for trace_id, body in found.items()} == {"a": taken, "b": ()}
    assert await stores.traces.sections([], Section.MEASUREMENTS) == {}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_what_is_stored_is_a_function_of_the_last_results(stores: Stores, seed: int) -> None:
    """Any versions, batches and repetitions; the sums are those of each trace's newest result."""
    random = Random(seed)  # noqa: S311 - nothing here is secret
    outcomes = [_random_outcome(random, f"t{trace}", version) for trace in range(12) for version in (1, 2, 3)]
    newest = {each.claim.trace_id: each for each in outcomes if each.claim.version == 3}
    for each in outcomes:
        await stores.append(each.claim.trace_id, sequence=outcomes.index(each) + 1)
    tried = random.sample(outcomes, len(outcomes)) + random.sample(outcomes, 20)
    while tried:
        size = random.randint(1, 9)
        await stores.traces.replace(tried[:size], now_ns=LATER)
        tried = tried[size:]
    assert await all_buckets(stores) == _sums(newest.values())
    calls = [call for operation in (PAY, FAILED) for call in await all_calls(stores, operation)]
    assert Counter((call.trace_id, call.place, call.end_ns) for call in calls) == Counter(
        (trace_id, place, call.end_ns)
        for trace_id, each in newest.items()
        for place, call in enumerate(each.calls)
    )


async def test_analyzers_add_to_the_same_sums_at_once(stores: Stores) -> None:
    outcomes = [outcome(f"t{number}", measurements=[pay(number, 5)]) for number in range(40)]
    for number, each in enumerate(outcomes):
        await stores.append(each.claim.trace_id, sequence=number + 1)
    async with anyio.create_task_group() as group:
        for start in range(0, 40, 5):
            for order in list(permutations(outcomes[start : start + 5]))[:2]:
                group.start_soon(lambda batch: stores.traces.replace(batch, now_ns=LATER), order)
    [bucket] = await all_buckets(stores)
    assert bucket.counts == {bucket_of(5 * MS): 40}
    version = await stores.traces.version()
    assert await changed(stores, version - 1) == [(PAY, FIRST, 40)]
    assert await changed(stores, version) == []


def _random_outcome(random: Random, trace_id: str, version: int) -> TraceOutcome:
    calls = [
        pay(
            random.choice([0, 1, BUCKET_MS, BUCKET_MS + 1]),
            random.choice([1, 5, 5, 90]),
            status=random.choice(["", "error"]),
            critical_ns=random.choice([0, 2000]),
        )
        for _ in range(random.randint(0, 4))
    ]
    return outcome(trace_id, version=version, measurements=calls)


def _sums(outcomes: Iterable[TraceOutcome]) -> list[Bucket]:
    counts: dict[tuple[Operation, int], Counter[int]] = {}
    critical: Counter[tuple[Operation, int]] = Counter()
    for each in outcomes:
        for call in each.calls:
            key = call.operation, call.bucket
            counts.setdefault(key, Counter())[call.cell] += 1
            critical[key] += call.critical_us
    return [Bucket(*key, dict(counts[key]), critical[key]) for key in sorted(counts)]
