"""Clocks order exactly what really ran one after another: threads, pools, asyncio, requests."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

import raceway

Events = Callable[[], list[dict[str, Any]]]


def mark(name: str) -> None:
    """Record a place to talk about."""
    raceway.event(name)


class Order:
    """Happens-before between marks, by the vector clocks that were sent."""

    def __init__(self, events: list[dict[str, Any]]) -> None:
        self.events = {e["kind"]["Custom"]["name"]: e for e in events if "Custom" in e["kind"]}
        self.check(events)

    def before(self, first: str, second: str) -> bool:
        own, n = self.events[first]["causality_vector"][-1]
        return first != second and dict(self.events[second]["causality_vector"]).get(own, 0) >= n

    def concurrent(self, first: str, second: str) -> bool:
        return not self.before(first, second) and not self.before(second, first)

    @staticmethod
    def check(events: list[dict[str, Any]]) -> None:
        """Every clock is backed by events, every parent is there, no place is taken twice."""
        places = [tuple(event["causality_vector"][-1]) for event in events]
        assert len(set(places)) == len(places)
        for event in events:
            task = event["causality_vector"][-1][0]
            assert task.endswith(f"#{event['metadata']['task_id']}")
            assert {tuple(entry) for entry in event["causality_vector"]} <= set(places)
        ids = {event["id"] for event in events}
        assert len(ids) == len(events)
        assert {event["parent_id"] for event in events} <= ids | {None}


@pytest.fixture
def order(recorded: Events) -> Callable[[], Order]:
    """The order of what was recorded so far."""
    return lambda: Order(recorded())


def test_a_thread_follows_its_start_and_precedes_its_join(order: Callable[[], Order]) -> None:
    mark("before")
    thread = threading.Thread(target=mark, args=("inside",))
    thread.start()
    mark("meanwhile")
    thread.join()
    mark("after")
    seen = order()
    assert seen.before("before", "inside")
    assert seen.before("inside", "after")
    assert seen.concurrent("inside", "meanwhile")
    assert seen.before("meanwhile", "after")


def test_a_join_that_timed_out_orders_nothing(order: Callable[[], Order]) -> None:
    go = threading.Event()

    def work() -> None:
        mark("inside")
        go.wait(30)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(0)
    mark("after")
    go.set()
    thread.join()
    assert order().concurrent("inside", "after")


def test_threads_are_told_apart_by_start_not_by_ident(recorded: Events) -> None:
    for _ in range(3):
        thread = threading.Thread(target=mark, args=("inside",), name="worker")
        thread.start()
        thread.join()
    inside = [e["metadata"] for e in recorded() if e["kind"].get("Custom")]
    assert len({m["task_id"] for m in inside}) == 3
    assert len({m["thread_id"] for m in inside}) == 3


def test_a_subclass_with_its_own_run_and_a_second_use_of_the_object(order: Callable[[], Order]) -> None:
    class Worker(threading.Thread):
        def run(self) -> None:
            mark("inside")

    worker = Worker()
    worker.start()
    worker.join()
    with pytest.raises(RuntimeError):
        worker.start()
    mark("after")
    assert order().before("inside", "after")
    assert "run" not in vars(worker) or callable(worker.run)


def test_a_pool_call_follows_its_submit_and_precedes_its_result(order: Callable[[], Order]) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(mark, "first")
        first.result()
        mark("between")
        second = pool.submit(mark, "second")
        assert second.exception() is None
    seen = order()
    assert seen.before("first", "between")
    assert seen.before("between", "second")


def test_calls_on_one_worker_are_not_ordered_by_it(order: Callable[[], Order]) -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(mark, "first")
        pool.submit(mark, "second")
    mark("after")
    seen = order()
    assert seen.concurrent("first", "second")
    assert seen.before("first", "after")
    assert seen.before("second", "after")


def test_map_orders_every_call_before_what_follows(order: Callable[[], Order]) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(mark, ["a", "b", "c"]))
        mark("after")
    seen = order()
    assert all(seen.before(name, "after") for name in "abc")
    assert seen.concurrent("a", "b")


def test_an_asyncio_task_follows_its_creation_and_precedes_its_await(order: Callable[[], Order]) -> None:
    async def child() -> None:
        mark("inside")

    async def main() -> None:
        mark("before")
        task = asyncio.create_task(child())
        await asyncio.sleep(0)
        mark("meanwhile")
        await task
        mark("after")

    asyncio.run(main())
    seen = order()
    assert seen.before("before", "inside")
    assert seen.before("inside", "after")
    assert seen.concurrent("inside", "meanwhile")


async def by_group(start: Callable[[str], Any]) -> None:
    async with asyncio.TaskGroup() as group:
        for name in ("a", "b"):
            group.create_task(start(name))


async def by_wait_for(start: Callable[[str], Any]) -> None:
    tasks = [asyncio.create_task(start(name)) for name in ("a", "b")]
    for task in tasks:
        await asyncio.wait_for(task, 5)


async def by_as_completed(start: Callable[[str], Any]) -> None:
    for future in asyncio.as_completed([start("a"), start("b")]):
        await future


async def by_result(start: Callable[[str], Any]) -> None:
    tasks = [asyncio.create_task(start(name)) for name in ("a", "b")]
    ended = asyncio.Event()
    tasks[-1].add_done_callback(lambda _: ended.set())
    await ended.wait()
    for task in tasks:
        task.result()


WAYS: dict[str, Callable[[Callable[[str], Any]], Awaitable[Any]]] = {
    "gather": lambda start: asyncio.gather(start("a"), start("b")),
    "wait": lambda start: asyncio.wait([asyncio.create_task(start(name)) for name in ("a", "b")]),
    "group": by_group,
    "wait_for": by_wait_for,
    "as_completed": by_as_completed,
    "result": by_result,
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_to_wait_for_tasks(order: Callable[[], Order], way: str) -> None:
    async def child(name: str) -> None:
        mark(name)

    async def main() -> None:
        await WAYS[way](child)
        mark("after")

    asyncio.run(main())
    seen = order()
    assert seen.before("a", "after")
    assert seen.before("b", "after")
    assert seen.concurrent("a", "b")


def test_a_call_on_an_executor_from_asyncio(order: Callable[[], Order]) -> None:
    async def main() -> None:
        mark("before")
        future = asyncio.get_running_loop().run_in_executor(None, mark, "inside")
        mark("meanwhile")
        await future
        mark("after")
        await asyncio.to_thread(mark, "aside")
        mark("end")

    asyncio.run(main())
    seen = order()
    assert seen.before("before", "inside")
    assert seen.before("inside", "after")
    assert seen.concurrent("inside", "meanwhile")
    assert seen.before("after", "aside")
    assert seen.before("aside", "end")


def test_failure_and_cancellation_pass_through(order: Callable[[], Order]) -> None:
    async def fail() -> None:
        mark("inside")
        raise LookupError("as meant")

    async def main() -> None:
        with pytest.raises(LookupError):
            await asyncio.create_task(fail())
        mark("after")
        loop = asyncio.get_running_loop()
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, lambda: 1 / 0)
        task = asyncio.create_task(asyncio.sleep(30))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert order().before("inside", "after")


def test_a_context_given_by_the_caller_is_used(order: Callable[[], Order]) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="unset")

    async def child() -> None:
        variable.set("set")
        mark("inside")

    async def main() -> None:
        context = contextvars.copy_context()
        await asyncio.create_task(child(), context=context)
        assert context[variable] == "set"

    asyncio.run(main())
    order()


def test_silent_tasks_send_nothing(recorded: Events) -> None:
    async def main() -> None:
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(50)))

    asyncio.run(main())
    thread = threading.Thread(target=int)
    thread.start()
    thread.join()
    assert recorded() == []


def test_a_grandchild_of_a_silent_task_still_has_a_parent(order: Callable[[], Order]) -> None:
    def middle() -> None:
        inner = threading.Thread(target=mark, args=("inside",))
        inner.start()
        inner.join()

    mark("before")
    outer = threading.Thread(target=middle)
    outer.start()
    outer.join()
    mark("after")
    seen = order()
    assert seen.before("before", "inside")
    assert seen.before("inside", "after")


def test_a_long_line_of_silent_tasks_is_not_kept(recorded: Events) -> None:
    from raceway.context import current

    depths: list[int] = []

    def next_in_line(left: int) -> None:
        task = current()
        assert task is not None
        depths.append(task.depth)
        if left:
            thread = threading.Thread(target=next_in_line, args=(left - 1,))
            thread.start()
            thread.join()

    next_in_line(80)
    assert max(depths) <= 32
    mark("end")
    assert len(recorded()) == 1


def test_a_clock_stays_bounded_and_says_so(recorded: Events) -> None:
    def line(left: int) -> None:
        mark("step")
        if left:
            thread = threading.Thread(target=line, args=(left - 1,), daemon=True)
            thread.start()
            thread.join()

    for _ in range(9):
        line(60)
    events = recorded()
    assert max(len(event["causality_vector"]) for event in events) <= 513
    assert events[-1]["metadata"].get("tags") == {"raceway.clock": "cut"}


def test_a_fork_is_another_process_and_sends_nothing_twice(collector: Any) -> None:
    program = """
import os, sys, threading, raceway
raceway.start("forked", url=sys.argv[1])
shop = raceway.watch({"tea": 1}, "shop")
raceway.event("parent")
def child():
    assert shop["tea"] == 1
    raceway.event("child")
pid = os.fork()
if pid == 0:
    child()
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
raceway.event("parent again")
"""
    subprocess.run([sys.executable, "-c", program, collector.url], check=True, timeout=30)
    names = [event["name"] for event in collector.of_kind("Custom")]
    assert sorted(names) == ["child", "parent", "parent again"]
    instances = {
        event["metadata"]["instance_id"]: event["metadata"]["process_id"] for event in collector.events
    }
    assert len(instances) == len(set(instances.values())) == 2
    assert len({event["id"] for event in collector.events}) == len(collector.events)


def test_a_fork_inside_a_request_goes_on_in_its_trace(collector: Any) -> None:
    program = """
import os, sys, raceway
raceway.start("forked", url=sys.argv[1])
def app(environ, start_response):
    raceway.event("parent")
    pid = os.fork()
    if pid == 0:
        raceway.event("child")
        raceway.flush()
        os._exit(0)
    os.waitpid(pid, 0)
    start_response("200 OK", [])
    return [b""]
list(raceway.wsgi(app)({"REQUEST_METHOD": "GET", "PATH_INFO": "/"}, lambda *_: None))
"""
    subprocess.run([sys.executable, "-c", program, collector.url], check=True, timeout=30)
    seen = Order(collector.events)
    assert seen.before("parent", "child")
    assert len({event["trace_id"] for event in collector.events}) == 1


def test_a_task_made_inside_the_context_it_is_given(order: Callable[[], Order]) -> None:
    async def child() -> None:
        mark("inside")

    async def main() -> None:
        mark("before")
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        await context.run(lambda: loop.create_task(child(), context=context))

    asyncio.run(main())
    assert order().before("before", "inside")
