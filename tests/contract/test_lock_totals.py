"""The contract of the TraceStore port for locks and declared transactions, over every database."""

from __future__ import annotations

import pytest
from tests.contract.store_rig import MS, T0, Stores, lock_hold, outcome, stores_on

from raceway_common.database.database import Database
from raceway_common.lock_sum import MOST_US
from raceway_common.packing import unpack_declared, unpack_isolation, unpack_locks
from raceway_common.ports.trace_store import LockCursor, LockTotals, Section
from raceway_core.event import TraceId
from raceway_core.isolation.history import Status
from raceway_core.isolation.part import Declared, DeclaredTrace

pytestmark = pytest.mark.anyio


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


async def _locks(stores: Stores) -> list[tuple[object, ...]]:
    rows = await stores.traces.locks(limit=100, after=None)
    return [(row.lock, row.trace_count, row.waits, row.wait_us, row.hold_us) for row in rows]


async def test_locks_are_summed_by_pattern_and_process_the_most_waited_for_first(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", locks=[lock_hold("accounts['x']", 5), lock_hold("accounts['y']", 7), lock_hold("b", 1)]),
        outcome("b", locks=[lock_hold("accounts['z']", 2, scope="process:bank/i2/9"), lock_hold("b", 90)]),
        outcome("c"),
    )
    assert await _locks(stores) == [("b", 2, 2, 91, 2), ("accounts[*]", 2, 3, 14, 3)]
    first, _ = await stores.traces.locks(limit=2, after=None)
    assert (first.scope, first.holds, first.contended, first.contended_us) == ("process:bank", 2, 0, 0)


async def test_a_replaced_result_takes_back_what_it_had_added(stores: Stores) -> None:
    await stores.analyze(outcome("a", locks=[lock_hold("l", 5)]), outcome("b", locks=[lock_hold("l", 3)]))
    await stores.analyze(outcome("a", version=2, locks=[lock_hold("m", 4)]))
    assert await _locks(stores) == [("m", 1, 1, 4, 1), ("l", 1, 1, 3, 1)]
    await stores.analyze(outcome("a", version=1, locks=[lock_hold("old", 4)]))
    await stores.analyze(outcome("a", version=3), outcome("b", version=2))
    assert await _locks(stores) == []


async def test_pages_of_locks_have_each_once(stores: Stores) -> None:
    names = "abcdefg"
    await stores.analyze(*(outcome(name, locks=[lock_hold(f"lock {name}", 3)]) for name in names))
    found: list[LockTotals] = []
    after: LockCursor | None = None
    while rows := await stores.traces.locks(limit=2, after=after):
        found += rows
        after = LockCursor(rows[-1].wait_us, rows[-1].hold_us, rows[-1].lock_key)
    assert sorted(row.lock for row in found) == [f"lock {name}" for name in names]


async def test_clocks_that_lie_add_a_day(stores: Stores) -> None:
    lies = [lock_hold("l", 3_000_000_000_000_000, hold_us=3_000_000_000_000_000)]
    await stores.analyze(*(outcome(name, locks=lies) for name in "abcdef"))
    assert await _locks(stores) == [("l", 6, 6, 6 * MOST_US, 6 * MOST_US)]


async def test_sections_that_are_empty_are_told_from_those_that_are_not(stores: Stores) -> None:
    holds = [lock_hold("l", 5)]
    await stores.analyze(outcome("a", locks=holds), outcome("b"))
    locks = await stores.traces.section(TraceId("a"), Section.LOCKS)
    none = await stores.traces.section(TraceId("b"), Section.LOCKS)
    assert locks is not None
    assert none is not None
    assert (unpack_locks(locks).holds, unpack_locks(none).holds) == (tuple(holds), ())
    assert unpack_isolation(locks) is None


def _declares(trace_id: str, *resources: str) -> DeclaredTrace:
    session = (Declared("t", trace_id, resource, Status.COMMITTED, ()) for resource in resources)
    return DeclaredTrace((tuple(session),), ())


async def _declared(stores: Stores, since_ms: int, resource: str | None, limit: int = 9) -> list[str]:
    rows = await stores.traces.declared(since_ns=T0 + since_ms * MS, resource=resource, limit=limit)
    assert [unpack_declared(row.body).declared.sessions[0][0].trace_id for row in rows] == [
        row.trace_id for row in rows
    ]
    return [row.trace_id for row in rows]


async def test_what_recent_traces_declare_comes_newest_first(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", last_ms=1, declared=_declares("a", "db", "cache")),
        outcome("b", last_ms=3, declared=_declares("b", "db")),
        outcome("c", last_ms=2, declared=_declares("c", "db")),
        outcome("none", last_ms=9),
    )
    assert await _declared(stores, 0, "db") == ["b", "c", "a"]
    assert await _declared(stores, 2, "db") == ["b", "c"]
    assert await _declared(stores, 0, "db", limit=1) == ["b"]
    assert await _declared(stores, 0, "cache") == ["a"]
    assert await _declared(stores, 0, None) == ["b", "c", "a", "a"]
    await stores.analyze(outcome("b", version=2, last_ms=3))
    assert await _declared(stores, 0, "db") == ["c", "a"]
