"""The contract of lock orders in the TraceStore and of their runs in the WorkQueue, over every database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from tests.contract.store_rig import LATER, MS, T0, Stores, finding, outcome, stores_on

from raceway_common.database.database import Database
from raceway_common.packing import pack_run
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.ports.work_queue import LOCKS_SPAN, RunClaim, run_of_locks
from raceway_core.locking.across import SETTLED
from raceway_core.result import LockOrder, OrderClass

pytestmark = pytest.mark.anyio

SCOPE = "service:bank"
EVER = LATER + 3_600_000 * MS


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def order(body: str, first_ms: int, last_ms: int, *scopes: str, by: str = "") -> LockOrder:
    return LockOrder(
        scopes or (SCOPE,), body.encode(), T0 + first_ms * MS, T0 + last_ms * MS, (by or body).encode()
    )


def left_by(trace_id: str, *orders: LockOrder, version: int = 1) -> TraceOutcome:
    return msgspec.structs.replace(outcome(trace_id, version=version), lock_orders=orders)


def known(body: str, first_ms: int, last_ms: int, *examples: str) -> OrderClass:
    packed = tuple(example.encode() for example in examples)
    return OrderClass(body.encode(), T0 + first_ms * MS, T0 + last_ms * MS, packed)


async def classes(stores: Stores, scope: str = SCOPE) -> list[OrderClass]:
    claim = RunClaim(*run_of_locks(scope), LOCKS_SPAN, 1)
    (found,) = await stores.traces.lock_classes([claim])
    return sorted(found, key=lambda one: one.body)


async def due(stores: Stores) -> Sequence[RunClaim]:
    return await stores.claim_runs(now_ns=EVER)


async def settle(stores: Stores) -> None:
    """Count the runs that are due, and find nothing."""
    for claim in await due(stores):
        await stores.findings.replace_runs([pack_run(claim, (), SETTLED)], now_ns=EVER)


async def test_a_class_is_what_all_traces_say_of_it(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 5, 9, by="a")), left_by("b", order("ab", 3, 4, by="b")))
    await stores.analyze(left_by("c", order("ba", 1, 2), order("ab", 7, 8, by="c")))
    assert await classes(stores) == [known("ab", 3, 9, "b", "a", "c"), known("ba", 1, 2, "ba")]


async def test_the_first_four_traces_are_shown(stores: Stores) -> None:
    names = "gfedcba"
    await stores.analyze(*(left_by(name, order("ab", 1 + (name in "ab"), 20, by=name)) for name in names))
    assert await classes(stores) == [known("ab", 1, 20, "c", "d", "e", "f")]


async def test_a_class_is_listed_in_each_of_its_scopes(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2, "global", SCOPE)), left_by("b", order("cd", 1, 2)))
    assert [one.body for one in await classes(stores)] == [b"ab", b"cd"]
    assert [one.body for one in await classes(stores, "global")] == [b"ab"]
    assert await classes(stores, "process:bank/i1/1") == []
    assert [claim.locks_of for claim in await due(stores)] in ([SCOPE, "global"], ["global", SCOPE])


async def test_lock_orders_are_replaced_with_their_trace(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2), order("ba", 1, 2)), left_by("b", order("ab", 4, 5)))
    await stores.analyze(left_by("a", order("ba", 3, 9), version=2))
    assert await classes(stores) == [known("ab", 4, 5, "ab"), known("ba", 3, 9, "ba")]
    await stores.analyze(left_by("a", version=3))
    assert await classes(stores) == [known("ab", 4, 5, "ab")]


async def test_a_settled_run_stays_current_while_known_classes_come(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2)))
    await settle(stores)
    await stores.analyze(left_by("b", order("ab", 3, 4)), left_by("c", order("ab", 5, 6)))
    assert await due(stores) == []
    assert await stores.queue.due() == 0


@pytest.mark.parametrize("orders", [[], [order("ba", 1, 2)], [order("ab", 1, 2), order("ba", 1, 2)]])
async def test_a_run_is_due_when_a_class_comes_or_goes(stores: Stores, orders: Sequence[LockOrder]) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2)))
    await settle(stores)
    await stores.analyze(left_by("a", *orders, version=2))
    (claim,) = await due(stores)
    assert claim.locks_of == SCOPE


async def test_a_class_that_went_and_comes_again_makes_its_run_due(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2)))
    await stores.analyze(left_by("a", version=2))
    await settle(stores)
    await stores.analyze(left_by("b", order("ab", 1, 2)))
    assert len(await due(stores)) == 1


async def test_a_run_with_findings_is_due_with_each_trace(stores: Stores) -> None:
    await stores.analyze(left_by("a", order("ab", 1, 2)))
    (claim,) = await due(stores)
    await stores.findings.replace_runs([pack_run(claim, [finding("f", across_traces=True)])], now_ns=EVER)
    assert await due(stores) == []
    await stores.analyze(left_by("b", order("ab", 3, 4)))
    (claim,) = await stores.claim_runs(now_ns=EVER + 60_000 * MS)
    await stores.findings.replace_runs([pack_run(claim, (), SETTLED)], now_ns=EVER)
    assert await stores.findings.all() == []


async def test_a_trace_without_nested_locks_touches_nothing(stores: Stores) -> None:
    await stores.analyze(left_by("a"))
    assert await due(stores) == []
    assert await classes(stores) == []


async def test_runs_of_variables_have_no_classes(stores: Stores) -> None:
    assert list(await stores.traces.lock_classes([RunClaim("balance", "global", 1, 1)])) == [[]]
