"""Windows: what is written is what is read back, and it says what the trace's own analysis says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from tests.unit.core.build import NOON_NS, Story

from raceway_core.access import Access, accesses_of
from raceway_core.across.handover import Around, Stamp
from raceway_core.across.window import Opened
from raceway_core.across.window_writer import windows_of
from raceway_core.analysis import analyze_trace
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import HeldLock, LockMode, Scope
from raceway_core.evidence import evidence_of
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.transaction import transactions_of, uncommitted_of


def story() -> Story:
    bank = Story("t1", host="h", scope=Scope.PROCESS)
    root = bank.http(on="main")
    bank.acquire("l", on="main", grant=7, parent=root)
    bank.read("balance", {"b": [1, None], "a": 1.5}, on="main", version=3, parent=root)
    bank.release("l", on="main", grant=7, parent=root)
    bank.spawn("w", on="main", parent=root)
    bank.begin("tx", on="worker", task="w", parent=root)
    bank.write("balance", old=100, on="worker", task="w", parent=root, value_hash="5f", lasts_ms=0.2)
    bank.abort("tx", on="worker", task="w", parent=root)
    bank.write("other", None, on="worker", task="w", locks=(HeldLock("m", LockMode.SHARED),), parent=root)
    return bank


def without_numbers(accesses: Sequence[Access]) -> list[Access]:
    """Return accesses numbered by their place, and their transactions by when each begins."""
    transactions: dict[int, int] = {}
    for access in accesses:
        transactions.setdefault(access.transaction, len(transactions))
    return [
        msgspec.structs.replace(access, number=number, transaction=transactions[access.transaction])
        for number, access in enumerate(accesses)
    ]


def test_accesses_and_evidence_come_back_as_they_were() -> None:
    graph = build_graph(story().events)
    clocks, locks, transactions = clocks_of(graph), locks_of(graph, DEFAULTS), transactions_of(graph)
    accesses = accesses_of(
        graph, transactions=transactions, locksets=locks.locksets, order=clocks.rank, options=DEFAULTS
    )
    uncommitted = uncommitted_of(graph, transactions)
    for window in windows_of(graph, clocks, locks.holds, accesses, uncommitted):
        opened = Opened(story().trace_id, window)
        original = next(of_one for variable, of_one in accesses.items() if variable.name == window.variable)
        assert without_numbers(opened.accesses) == without_numbers(original)
        for number, access in enumerate(original):
            assert opened.evidence(number) == evidence_of(graph, clocks, access)
            assert opened.is_committed(number) is (access.transaction not in uncommitted)


def test_an_access_knows_what_happened_to_locks_around_it() -> None:
    bank = Story("t1")
    for grant, mode in ((1, LockMode.EXCLUSIVE), (2, LockMode.SHARED)):
        bank.acquire("l", grant=grant, mode=mode, scope=Scope.PROCESS)
        bank.release("l", mode=mode, scope=Scope.PROCESS)
    bank.write("x", 1, id="x")
    bank.acquire("l", scope=Scope.PROCESS)
    bank.release("l", scope=Scope.PROCESS)
    (window,) = analyze_trace(bank.trace_id, bank.events).windows
    released = Stamp(None, NOON_NS + 7_000_000)
    assert Opened(bank.trace_id, window).story(0) == {
        ("l", "process:bank/i1/1"): Around(
            acquired=Stamp(2, NOON_NS + 3_000_000),
            acquired_alone=Stamp(1, NOON_NS + 1_000_000),
            released=released,
            released_alone=released,
        )
    }


@pytest.mark.parametrize("count", [1, 100])
def test_what_repeats_is_written_once(count: int) -> None:
    bank = Story("t1")
    for _ in range(count):
        bank.read("x", 1)
    (window,) = analyze_trace(bank.trace_id, bank.events).windows
    assert len(window.body) < 150 + 70 * count
