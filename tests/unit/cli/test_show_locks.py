"""Locks and deadlocks as a person reads them."""

from __future__ import annotations

import pytest

from raceway_api.v1.lock import LockTotalItem
from raceway_cli.show.deadlock import print_deadlocks
from raceway_cli.show.lock import print_lock_uses, print_locks
from raceway_core.lock_use_view import LockUseView
from raceway_core.result import Deadlock, DeadlockStatus


def _circle(size: int, status: DeadlockStatus = DeadlockStatus.PREDICTED) -> Deadlock:
    names = tuple(f"T{number}" for number in range(size))
    return Deadlock(
        status=status,
        locks=tuple(f"lock-{name}" for name in names),
        threads=names,
        locations=("bank.py:1", *("" for _ in names[1:])),
    )


def _shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_a_deadlock_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_deadlocks([_circle(2, DeadlockStatus.ACTUAL), _circle(6)], total=2)
    assert _shown(capsys) == [
        "actual deadlock  T0 waits for lock-T0 at bank.py:1, T1 waits for lock-T1",
        (
            "predicted deadlock  T0 waits for lock-T0 at bank.py:1, T1 waits for lock-T1, "
            "T2 waits for lock-T2, T3 waits for lock-T3, 2 more"
        ),
    ]


def test_of_many_deadlocks_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    print_deadlocks([_circle(2)] * 12, total=400)
    lines = _shown(capsys)
    assert (len(lines), lines[-1].split(" more")[0]) == (11, "… 390")


def test_nothing_is_said_of_a_trace_without(capsys: pytest.CaptureFixture[str]) -> None:
    print_deadlocks([], total=0)
    print_lock_uses([])
    assert _shown(capsys) == []


def test_how_locks_were_used(capsys: pytest.CaptureFixture[str]) -> None:
    use = LockUseView(
        lock="accounts",
        scope="service:bank",
        services=("bank",),
        holds=1_000,
        hold_ns="5000000",
        longest_hold_ns="70000",
        waits=9,
        wait_ns="12000",
        longest_wait_ns="3000",
        contended=2,
        contended_ns="0",
        owners=("T1", "T2"),
        waiters=("T2",),
        longest_chain=3,
    )
    print_lock_uses([use])
    header, row = _shown(capsys)
    assert header.split()[:2] == ["lock", "waited"]
    assert " ".join(row.split()) == "accounts 12 µs 0 ns 5 ms 70 µs 1000 2 1 3 service:bank"


def test_the_locks_of_all_traces(capsys: pytest.CaptureFixture[str]) -> None:
    print_locks([])
    assert _shown(capsys)[0].startswith("no locks yet")
    total = LockTotalItem(
        lock="accounts[*]",
        scope="process:bank",
        traces=7,
        holds=9,
        hold_ns="4000",
        waits=8,
        wait_ns="3000",
        contended=1,
        contended_ns="2000",
    )
    print_locks([total])
    _, row = _shown(capsys)
    assert " ".join(row.split()) == "accounts[*] 3 µs 2 µs 4 µs 8 9 7 process:bank"
