"""What a sentence calls the runners of two accesses, and of more, so that they are told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.runner import Runner, short_traces, told_apart

HERE, THERE = "app.py:7 pay", "app.py:9 refund"
LOOP = Runner("request-1", "MainThread", "bank", "5a1e0000-1", 12, "bank-1")
BARE = LOOP._replace(task="")
OTHER = "a0d17000-2"


class Case(NamedTuple):
    """Two runners, where they stand, and what they are called."""

    first: Runner
    second: Runner
    places: tuple[str, str]
    names: tuple[str, str]


CASES = {
    "different threads and places": Case(
        LOOP, LOOP._replace(task="request-2", thread="worker"), (HERE, THERE), ("MainThread", "worker")
    ),
    "different threads at one place, no task ids": Case(
        BARE, BARE._replace(thread="worker"), (HERE, HERE), ("MainThread", "worker")
    ),
    "different threads and tasks at one place": Case(
        LOOP, LOOP._replace(task="request-2", thread="worker"), (HERE, HERE), ("request-1", "request-2")
    ),
    "different threads, same task, at one place": Case(
        LOOP, LOOP._replace(thread="worker"), (HERE, HERE), ("MainThread", "worker")
    ),
    "same thread and different tasks": Case(
        LOOP, LOOP._replace(task="request-2"), (HERE, THERE), ("request-1", "request-2")
    ),
    "same thread and different tasks at one place": Case(
        LOOP, LOOP._replace(task="request-2"), (HERE, HERE), ("request-1", "request-2")
    ),
    "same thread, one task unknown": Case(LOOP, BARE, (HERE, HERE), ("request-1", "MainThread")),
    "same task of different traces": Case(
        LOOP,
        LOOP._replace(trace_id=OTHER),
        (HERE, THERE),
        ("request-1 of trace 5a1e0000", "request-1 of trace a0d17000"),
    ),
    "same thread of different traces, no task ids": Case(
        BARE,
        BARE._replace(trace_id=OTHER),
        (HERE, HERE),
        ("MainThread of trace 5a1e0000", "MainThread of trace a0d17000"),
    ),
    "traces that begin alike": Case(
        BARE,
        BARE._replace(trace_id="5a1e0000-2"),
        (HERE, HERE),
        ("MainThread of trace 5a1e0000-1", "MainThread of trace 5a1e0000-2"),
    ),
    "different services": Case(
        LOOP, LOOP._replace(thread="worker", service="shop"), (HERE, THERE), ("MainThread", "worker of shop")
    ),
    "same thread and task of different services": Case(
        LOOP, LOOP._replace(service="shop"), (HERE, THERE), ("request-1", "request-1 of shop")
    ),
    "same task of different processes": Case(
        LOOP,
        LOOP._replace(process_id=13),
        (HERE, HERE),
        ("request-1 of process 12", "request-1 of process 13"),
    ),
    "same task of different instances": Case(
        LOOP,
        LOOP._replace(instance="bank-2"),
        (HERE, HERE),
        ("request-1 of instance bank-1", "request-1 of instance bank-2"),
    ),
    "no names at all": Case(
        BARE._replace(thread=""),
        BARE._replace(thread="", trace_id=OTHER),
        (HERE, HERE),
        ("an unnamed thread of trace 5a1e0000", "an unnamed thread of trace a0d17000"),
    ),
    "one and the same": Case(LOOP, LOOP, (HERE, THERE), ("MainThread", "MainThread")),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_two_runners_are_told_apart(case: Case) -> None:
    assert tuple(told_apart([case.first, case.second], case.places)) == case.names


def test_more_than_two_are_told_apart_by_what_tells_all_of_them_apart() -> None:
    runners = [LOOP, LOOP._replace(task="request-2"), LOOP._replace(thread="worker", task="job")]
    assert told_apart(runners) == ["request-1", "request-2", "job"]
    assert told_apart([*runners, LOOP]) == ["request-1", "request-2", "job", "request-1"]


def test_traces_are_cut_where_that_tells_them_apart() -> None:
    assert short_traces(["5a1e0000-1", OTHER, OTHER]) == ["5a1e0000", "a0d17000", "a0d17000"]
    assert short_traces(["5a1e0000-1", "5a1e0000-2"]) == ["5a1e0000-1", "5a1e0000-2"]


def test_a_read_is_of_the_task_that_writes_whatever_thread_it_runs_on() -> None:
    assert LOOP.is_of(LOOP._replace(thread="worker"))
    assert not LOOP.is_of(LOOP._replace(task="request-2"))
    assert not BARE.is_of(BARE._replace(thread="worker"))
    assert not LOOP.is_of(LOOP._replace(trace_id=OTHER))


_NAMES = st.sampled_from(["", "a", "b"])
_RUNNERS = st.builds(
    Runner, _NAMES, _NAMES, _NAMES, st.sampled_from(["5a1e0000-1", "5a1e0000-2", OTHER]), st.integers(1, 2)
)


@given(st.lists(_RUNNERS, min_size=2, max_size=2), st.lists(_NAMES, min_size=2, max_size=2))
def test_any_two_with_other_tasks_threads_traces_or_processes_differ(
    runners: Sequence[Runner], places: Sequence[str]
) -> None:
    first, second = told_apart(runners, places)
    mine, theirs = ((one.name, one.thread_name, one.trace_id, one.process_id) for one in runners)
    assert (first == second) <= (mine == theirs)
    assert (first != second) <= (runners[0] != runners[1])
