"""Events that are not sent are told of, by trace and task, with the next event of the trace that is."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import raceway
from raceway.context import active, current, running
from raceway.losses import MOST_TASKS, MOST_TRACES, TAG, Losses, TraceLoss
from raceway.process import Process
from raceway.record import record, spawn
from raceway.settings import Settings

Start = Callable[..., None]
Told = dict[str, list[int]]


def told_by(event: dict[str, Any]) -> Told | None:
    text = event["metadata"].get("tags", {}).get(TAG)
    return None if text is None else json.loads(text)


def all_told(collector: Any) -> list[Told]:
    return [told for event in collector.events if (told := told_by(event)) is not None]


def place_of(event: dict[str, Any]) -> int:
    place: int = event["causality_vector"][-1][1]
    return place


def this_task() -> str:
    task = current()
    assert task is not None
    return task.id


def fill_queue(collector: Any, start: Start, *, places: int) -> None:
    """Begin with a queue that is full, and an event on its way which the collector holds up."""
    start(queue_size=places)
    collector.gate.clear()
    raceway.event("on its way")
    assert collector.arrived.wait(5)
    for _ in range(places):
        raceway.event("waits")


def test_nothing_lost_is_no_tag(collector: Any, start: Start) -> None:
    start()
    raceway.event("hello")
    assert raceway.flush()
    assert "tags" not in collector.events[0]["metadata"]


def test_what_waited_when_others_found_the_queue_full_tells_of_them(collector: Any, start: Start) -> None:
    fill_queue(collector, start, places=2)
    for _ in range(5):
        raceway.event("lost")
    collector.gate.set()
    assert raceway.flush()
    raceway.event("after")
    assert raceway.flush()
    assert [told_by(event) for event in collector.events] == [None, {this_task(): [5, 8]}, None, None]
    assert place_of(collector.events[-1]) == 9


def test_each_task_and_each_trace_has_its_own_account(collector: Any, start: Start) -> None:
    fill_queue(collector, start, places=1)
    process = active.process
    assert process is not None
    tasks = [process.new_task("request", trace) for trace in (process.ambient, process.new_trace())]
    for task in (*tasks, tasks[0]):
        record("Custom", {"name": "lost"}, task=task)
    collector.gate.set()
    assert raceway.flush()
    assert all_told(collector) == [{tasks[0].id: [2, 2]}]
    for _ in range(2):
        record("Custom", {"name": "after"}, task=tasks[1])
        assert raceway.flush()
    assert [told_by(event) for event in collector.events[2:]] == [{tasks[1].id: [1, 1]}, None]


def test_a_spawn_that_is_lost_is_one_of_the_task_that_spawned(collector: Any, start: Start) -> None:
    fill_queue(collector, start, places=1)
    child = spawn("task", "child", None)
    assert child is not None
    record("Custom", {"name": "lost"}, task=child)
    collector.gate.set()
    assert raceway.flush()
    assert all_told(collector) == [{this_task(): [1, 3], child.id: [1, 1]}]


def test_an_event_that_is_no_json_is_told_by_the_next(collector: Any, start: Start) -> None:
    start()
    for name in ("before", object(), object(), "after", "last"):
        record("Custom", {"name": name})
    assert raceway.flush()
    assert [told_by(event) for event in collector.events] == [None, {this_task(): [2, 3]}, None]
    assert raceway.stats()["dropped"] == {"not_json": 2}


def test_a_fault_costs_one_event_and_is_told(collector: Any, start: Start) -> None:
    start()
    sites: list[Any] = [None, ("no code", 1), None]
    for site in sites:
        record("Custom", {"name": "step"}, site=site)
    assert raceway.flush()
    assert [told_by(event) for event in collector.events] == [None, {this_task(): [1, 2]}]
    assert raceway.stats()["dropped"] == {"internal_error": 1}


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_batch_is_told_with_what_it_would_have_told(
    collector: Any, start: Start, status: int
) -> None:
    fill_queue(collector, start, places=1)
    raceway.event("lost")
    collector.script = [(200, {}, {}), (status, {}, {})]
    collector.gate.set()
    assert raceway.flush()
    assert all_told(collector) == []
    raceway.event("after")
    assert raceway.flush()
    assert told_by(collector.events[-1]) == {this_task(): [2, 3]}
    assert raceway.stats()["dropped"] == {"queue_full": 1, f"http_{status}": 1}


def test_a_batch_says_the_same_whenever_it_is_tried_again(collector: Any, start: Start) -> None:
    fill_queue(collector, start, places=3)
    raceway.event("lost")
    collector.script = [(200, {}, {}), (503, {"Retry-After": "0"}, {}), (413, {}, {}), (503, {}, {})]
    collector.gate.set()
    assert raceway.flush(10)
    assert all_told(collector) == [{this_task(): [1, 5]}]
    tried = [event for batch in collector.attempts for event in batch["events"] if told_by(event)]
    assert len(tried) > 2
    assert {str(event) for event in tried} == {str(tried[0])}


def test_an_event_that_the_server_rejects_is_told(collector: Any, start: Start) -> None:
    start()
    raceway.event("first")
    assert raceway.flush()
    answer = {"rejected": [{"index": 1}, {"index": 1}, {"index": 7}, {"index": True}, {}, "x"]}
    collector.script = [(200, {}, answer)]
    raceway.event("kept")
    raceway.event("rejected")
    assert raceway.flush()
    raceway.event("after")
    assert raceway.flush()
    assert all_told(collector) == [{this_task(): [1, 3]}]


def test_nothing_is_told_for_another_process(collector: Any, start: Start) -> None:
    """A forked process has its own tasks, and the parent tells of its own losses itself."""
    fill_queue(collector, start, places=1)
    raceway.event("lost")
    task = current()
    token = running.set(task)
    pid = os.fork()
    if not pid:
        raceway.event("child")
        os._exit(0 if raceway.flush(20) else 1)
    running.reset(token)
    collector.gate.set()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert raceway.flush()
    by_process = {event["metadata"]["process_id"]: told_by(event) for event in collector.events}
    assert by_process[pid] is None
    assert all_told(collector) == [{this_task(): [1, 3]}]


def test_the_tasks_of_a_trace_that_are_remembered_are_bounded_and_the_others_counted() -> None:
    loss = TraceLoss()
    for number in range(3 * MOST_TASKS):
        loss.add(f"task-{number}", 2, number)
    told = json.loads(loss.text())
    assert len(told) == MOST_TASKS + 1
    assert told.pop("") == [4 * MOST_TASKS, 0]
    assert list(told) == [f"task-{number}" for number in range(2 * MOST_TASKS, 3 * MOST_TASKS)]
    other = TraceLoss()
    other.join(loss)
    other.join(loss)
    assert json.loads(other.text()) == {
        **{task: [2 * count, highest] for task, (count, highest) in told.items()},
        "": [8 * MOST_TASKS, 0],
    }


def test_the_traces_that_are_remembered_are_bounded_and_the_oldest_goes() -> None:
    losses = Losses(threading.RLock())
    assert not losses
    for number in range(MOST_TRACES + 1):
        losses.add(f"trace-{number}", "task", number)
        losses.add("long", "task", number)
    assert losses.take("trace-0") is losses.take("trace-1") is None
    kept = losses.take("trace-2")
    assert kept is not None
    assert kept.text() == '{"task":[1,2]}'
    long = losses.take("long")
    assert long is not None
    assert long.text() == f'{{"task":[{MOST_TRACES + 1},{MOST_TRACES}]}}'
    assert losses.take("long") is None


@pytest.fixture
def full() -> Iterator[Process]:
    """A process that records into a full queue of which nobody sends."""
    process = Process(Settings(service="shop", queue_size=1))
    active.process = process
    record("Custom", {})
    yield process
    active.process = None


def test_threads_that_lose_at_once_are_all_counted(full: Process) -> None:
    def lose() -> None:
        for _ in range(2000):
            raceway.event("lost")

    threads = [threading.Thread(target=lose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loss = full.queue.losses.take(full.ambient.id)
    assert loss is not None
    assert list(loss.tasks.values()) == [(2000, 2000)] * 4
    assert full.queue.dropped == {"queue_full": 8000}
