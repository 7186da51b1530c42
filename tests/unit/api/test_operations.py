"""What is kept of all operations between one question and the next."""

from __future__ import annotations

import anyio
import pytest
from tests.unit.api.serving import NOW_NS, Serving
from tests.unit.api.shop import orders, sell

from raceway_api.operations import KeptOperations, Operations
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket
from raceway_core.bucketed.verdict import Verdict
from raceway_core.measured import Operation

pytestmark = pytest.mark.anyio

PAY, READ = (Operation("bank", name, "FunctionCall", "") for name in ("pay", "read"))
NEWEST = NOW_NS // BUCKET_NS


def both() -> Operations:
    """Return two operations that were called in two buckets, with verdicts on all."""
    operations = Operations(Bucket(each, number, {700: 30}) for each in (PAY, READ) for number in (100, 101))
    operations.remember({(each, number): Verdict() for each in (PAY, READ) for number in (100, 101)})
    return operations


def test_what_rests_on_a_changed_bucket_is_forgotten() -> None:
    operations = both()
    assert [operations.said(str, each, 1, lambda: "first") for each in (PAY, READ)] == ["first"] * 2
    operations.put([Bucket(PAY._replace(status="error"), 101, {700: 1, 701: 2})])
    assert [operations.said(str, each, 1, lambda: "second") for each in (PAY, READ)] == ["second", "first"]
    assert operations.said(str, READ, 2, lambda: "third") == "third"
    assert operations.cells == 6
    known = [operations.verdict((each, number)) is not None for each in (PAY, READ) for number in (100, 101)]
    assert known == [True, False, True, True]


def test_an_operation_whose_calls_are_all_taken_out_is_gone() -> None:
    operations = both()
    operations.put([Bucket(PAY, number, {}) for number in (100, 101)])
    assert operations.called(0, 200) == [(READ, 101)]
    assert operations.called(0, 100) == [(READ, 100)]
    operations.drop(before=101)
    assert (list(operations.known), operations.called(0, 100), operations.cells) == ([READ], [], 1)
    assert operations.verdict((READ, 101)) is None


async def test_too_many_are_read_but_not_kept(api: Serving) -> None:
    await sell(api, orders([10.0, 20.0, 40.0]))
    for most_cells, is_same in ((3, True), (2, False)):
        kept = KeptOperations(api.deps.baselines, api.deps.threads, most_cells=most_cells)
        seen = []
        for _ in range(2):
            async with kept.between(NEWEST, NEWEST, newest=NEWEST) as operations:
                assert operations.cells == 3
                seen.append(operations)
        assert (seen[0] is seen[1]) is is_same


async def test_readers_take_turns(api: Serving) -> None:
    await sell(api, orders([10.0] * 30))
    kept = KeptOperations(api.deps.baselines, api.deps.threads)
    reading = 0

    async def read() -> None:
        nonlocal reading
        async with kept.between(NEWEST, NEWEST, newest=NEWEST):
            reading += 1
            assert reading == 1
            await anyio.lowlevel.checkpoint()
            reading -= 1

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(read)
    assert reading == 0
