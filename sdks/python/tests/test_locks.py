"""Locks as they were held: modes, grants, locksets, names; and locks that are nobody's business."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from typing import Any

import pytest

import raceway

Events = Callable[[], list[dict[str, Any]]]


def steps(events: list[dict[str, Any]]) -> list[str]:
    """The kinds in order, of a mark its name and the lock's names held."""
    return [_step(event) for event in events]


def _step(event: dict[str, Any]) -> str:
    ((kind, fields),) = event["kind"].items()
    held = ",".join(lock["id"].split("@")[0] for lock in event["lock_set"])
    return f"{fields['name']}({held})" if kind == "Custom" else kind.removeprefix("Lock")


CYCLE = ["Request", "Acquire", "inside({})", "Release", "outside()"]


def cycle(name: str) -> list[str]:
    """What one block under a lock leaves."""
    return [step.format(name) for step in CYCLE]


def use(lock: Any) -> None:
    """Mark inside and outside of a block under the lock."""
    with lock:
        raceway.event("inside")
    raceway.event("outside")


def test_a_lock_is_named_after_its_line(recorded: Events) -> None:
    accounts_lock = threading.Lock()
    use(accounts_lock)
    events = recorded()
    assert steps(events) == cycle("accounts_lock")
    acquire = events[1]["kind"]["LockAcquire"]
    assert acquire["lock_id"].startswith("accounts_lock@")
    assert (acquire["mode"], acquire["scope"], acquire["grant"]) == ("exclusive", "process", 1)
    assert acquire["location"].endswith(" use")
    assert events[2]["lock_set"] == [{"id": acquire["lock_id"], "mode": "exclusive", "scope": "process"}]


def test_locks_of_one_line_are_different_locks(recorded: Events) -> None:
    locks = [threading.Lock() for _ in range(3)]
    for lock in locks:
        use(lock)
    names = {
        event["kind"]["LockAcquire"]["lock_id"] for event in recorded() if "LockAcquire" in event["kind"]
    }
    assert len(names) == 3


@pytest.mark.parametrize("kind", ["RLock", "Condition", "Semaphore", "BoundedSemaphore"])
def test_every_kind_of_lock(recorded: Events, kind: str) -> None:
    guard = getattr(threading, kind)()
    use(guard)
    assert steps(recorded()) == cycle("guard")


def test_of_nested_holds_the_outermost_counts(recorded: Events) -> None:
    guard = threading.RLock()
    with guard:
        use(guard)
    assert steps(recorded()) == ["Request", "Acquire", "inside(guard)", "outside(guard)", "Release"]


def test_a_wait_lets_go_of_the_lock(recorded: Events) -> None:
    ready = threading.Condition()
    with ready:
        assert not ready.wait(0.01)
    assert steps(recorded()) == ["Request", "Acquire", "Release", "Request", "Acquire", "Release"]


def test_a_condition_over_a_lock_of_ones_own(recorded: Events) -> None:
    own = threading.Lock()
    ready = threading.Condition(own)
    use(ready)
    with own:
        raceway.event("inside")
    assert steps(recorded()) == [*cycle("own"), "Request", "Acquire", "inside(own)", "Release"]


def test_a_condition_works(recorded: Events) -> None:
    ready, box = threading.Condition(), []

    def produce() -> None:
        with ready:
            box.append(1)
            ready.notify()

    thread = threading.Thread(target=produce)
    with ready:
        thread.start()
        assert ready.wait_for(lambda: box, 10)
    thread.join()
    recorded()


def test_a_try_asks_for_nothing(recorded: Events) -> None:
    lock = threading.Lock()
    assert lock.acquire(blocking=False)
    assert not lock.acquire(blocking=False)
    assert lock.locked()
    lock.release()
    with pytest.raises(RuntimeError):
        lock.release()
    assert steps(recorded()) == ["Acquire", "Release"]


def test_a_semaphore_for_two_is_held_shared(recorded: Events) -> None:
    use(threading.Semaphore(2))
    assert {lock["mode"] for event in recorded() for lock in event["lock_set"]} == {"shared"}


def test_a_semaphore_that_signals_excludes_nobody(recorded: Events) -> None:
    signal = threading.Semaphore(1)
    signal.release()
    use(signal)
    assert {lock["mode"] for event in recorded() for lock in event["lock_set"]} == {"shared"}


def test_a_lock_released_by_another_thread_leaves_its_holder(recorded: Events) -> None:
    handed = threading.Lock()
    handed.acquire()
    thread = threading.Thread(target=handed.release)
    thread.start()
    thread.join()
    raceway.event("after")
    assert steps(recorded())[-1] == "after()"


def test_grants_count_in_the_order_of_holding(recorded: Events) -> None:
    lock, seen = threading.Lock(), []

    def work() -> None:
        for _ in range(50):
            with lock:
                seen.append(threading.get_ident())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    acquires = [event["kind"]["LockAcquire"] for event in recorded() if "LockAcquire" in event["kind"]]
    assert sorted(acquire["grant"] for acquire in acquires) == list(range(1, 201))


@pytest.mark.parametrize("kind", ["Lock", "Condition", "Semaphore", "BoundedSemaphore"])
def test_every_lock_of_asyncio(recorded: Events, kind: str) -> None:
    async def main() -> None:
        guard = getattr(asyncio, kind)()
        async with guard:
            raceway.event("inside")
        raceway.event("outside")

    asyncio.run(main())
    assert [step for step in steps(recorded()) if not step.startswith("Async")] == cycle("guard")


def test_an_asyncio_wait_lets_go_of_the_lock(recorded: Events) -> None:
    async def main() -> None:
        ready = asyncio.Condition()
        async with ready:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await ready.wait()

    asyncio.run(main())
    seen = [step for step in steps(recorded()) if not step.startswith("Async")]
    assert seen == ["Request", "Acquire", "Release", "Request", "Acquire", "Release"]


def test_the_locks_of_libraries_are_not_recorded(recorded: Events) -> None:
    jobs: queue.Queue[int] = queue.Queue()
    jobs.put(1)
    assert jobs.get() == 1
    done = threading.Event()
    done.set()
    assert done.wait(1)
    assert recorded() == []


def test_a_declared_lock(recorded: Events) -> None:
    with raceway.lock("row 7", scope="global", mode="shared"):
        raceway.event("inside")
    events = recorded()
    assert steps(events) == ["Acquire", "inside(row 7)", "Release"]
    assert events[1]["lock_set"] == [{"id": "row 7", "mode": "shared", "scope": "global"}]
    assert "grant" not in events[0]["kind"]["LockAcquire"]


def test_a_declared_lock_around_a_real_one(recorded: Events) -> None:
    class FileLock:
        def __init__(self) -> None:
            self.is_held = False

        def acquire(self) -> None:
            self.is_held = True

        def release(self) -> None:
            self.is_held = False

    inner = FileLock()
    with raceway.lock("file", inner):
        assert inner.is_held
    assert not inner.is_held
    assert steps(recorded()) == ["Request", "Acquire", "Release"]


def test_everything_is_put_back(start: Callable[..., None]) -> None:
    def places() -> list[object]:
        return [
            threading.Lock, threading.RLock, threading.Thread.start, threading.Condition.__init__,
            threading.Semaphore.acquire, threading.BoundedSemaphore.release, asyncio.Lock.acquire,
            asyncio.BaseEventLoop.create_task, asyncio.gather, asyncio.wait,
        ]  # fmt: skip

    before = places()
    start()
    raceway.stop()
    assert places() == before
