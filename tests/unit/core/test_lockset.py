"""Locksets and holds: modes, re-entrance, what was sent against what follows, grants and their order."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from tests.effort import examples
from tests.unit.core.build import Story
from tests.unit.core.random_program import programs

from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event, HeldLock, LockAcquire, LockMode, LockPayload, LockRelease, Scope
from raceway_core.formats import std
from raceway_core.identity import Lock, Process
from raceway_core.lock_order import lock_edges
from raceway_core.lockset import MOST_HELD, Hold, is_guarded, locks_of
from raceway_core.options import DEFAULTS, Options

SHARED, EXCLUSIVE = LockMode.SHARED, LockMode.EXCLUSIVE


def held(story: Story, options: Options = DEFAULTS) -> dict[str, dict[str, LockMode]]:
    """Return by event id what was held there, by name."""
    graph = build_graph(story.events)
    locksets = locks_of(graph, options).locksets
    return {
        event.id: {lock.name: lock.mode for lock in lockset}
        for event, lockset in zip(graph.events, locksets, strict=True)
    }


def handovers(story: Story) -> set[tuple[str, str]]:
    """Return the ids of each release and the acquire that it leads to."""
    graph = build_graph(story.events)
    edges = lock_edges(graph, locks_of(graph, DEFAULTS).holds)
    ids = [graph.events[event].id for event in graph.event_of]
    return {(ids[edge.source], ids[edge.target]) for edge in edges}


def test_a_lock_is_held_from_its_acquire_to_its_release_inclusive() -> None:
    story = Story()
    story.request("l", id="request")
    story.acquire("l", id="acquire")
    story.call(id="inside")
    story.release("l", id="release")
    story.call(id="after")
    inside = {"l": EXCLUSIVE}
    assert held(story) == {"request": {}, "acquire": inside, "inside": inside, "release": inside, "after": {}}


def test_of_locks_that_are_never_given_back_the_last_ones_are_kept() -> None:
    story = Story()
    for number in range(MOST_HELD + 2):
        story.acquire(f"l{number:03}", id=f"e{number}")
    story.release(f"l{MOST_HELD + 1:03}", id="release")
    story.call(id="after")
    graph = build_graph(story.events)
    locks = locks_of(graph, DEFAULTS)
    names = {
        str(event.id): [lock.name for lock in lockset]
        for event, lockset in zip(graph.events, locks.locksets, strict=True)
    }
    assert names[f"e{MOST_HELD - 1}"] == [f"l{number:03}" for number in range(MOST_HELD)]
    assert names["release"] == [f"l{number:03}" for number in range(2, MOST_HELD + 2)]
    assert names["after"] == [f"l{number:03}" for number in range(1, MOST_HELD + 1)]
    assert (locks.cut, len(locks.holds)) == (4, MOST_HELD + 2)


def test_a_lock_that_is_held_shared_again_after_its_exclusive_acquire_was_released() -> None:
    story = Story(reentrant=True)
    story.acquire("l", mode=EXCLUSIVE, id="a")
    story.acquire("l", mode=SHARED, id="b")
    story.release("l", mode=EXCLUSIVE)
    story.call(id="c")
    story.release("l", mode=SHARED)
    assert [held(story)[name]["l"] for name in "abc"] == [EXCLUSIVE, EXCLUSIVE, SHARED]


def test_a_child_task_does_not_hold_its_parents_locks() -> None:
    story = Story()
    lock = story.acquire("l", on="parent")
    child = story.write("x", on="child", parent=lock)
    story.release("l", on="parent", parent=lock)
    assert held(story)[child.id] == {}


@pytest.mark.parametrize(("reentrant", "still"), [(True, {"l": EXCLUSIVE}), (False, {}), (None, {})])
def test_a_reentrant_lock_is_held_until_its_last_release(
    reentrant: bool | None, still: dict[str, LockMode]
) -> None:
    story = Story(reentrant=reentrant)
    for word in (story.acquire, story.acquire, story.release):
        word("l")
    after = story.call()
    assert held(story)[after.id] == still


@pytest.mark.parametrize("lock_type", ["RLock", "threading.RLock", "ReentrantLock", "Mutex (recursive)"])
def test_the_name_of_a_type_tells_that_a_lock_is_reentrant(lock_type: str) -> None:
    story = Story()
    kinds: list[type[LockPayload]] = [LockAcquire, LockAcquire, LockRelease]
    for kind in kinds:
        story.event(kind(lock_id="l", lock_type=lock_type))
    after = story.call()
    assert "l" in held(story)[after.id]


@pytest.mark.parametrize("lock_type", ["RwLock-Read", "RWLock-Read", "RwLock::Read", "SharedLock"])
def test_the_name_of_a_type_tells_that_a_lock_is_shared(lock_type: str) -> None:
    story = Story()
    story.event(LockAcquire(lock_id="l", lock_type=lock_type))
    # A bare name that was sent with an access takes the mode that the acquire had.
    access = story.write("x", locks=("l",))
    assert held(story)[access.id] == {"l": SHARED}


def test_what_was_sent_counts_before_what_follows() -> None:
    story = Story()
    story.acquire("l")
    access = story.write("x", locks=("m", HeldLock("n", SHARED)))
    assert held(story)[access.id] == {"m": EXCLUSIVE, "n": SHARED}


def test_a_lock_held_in_both_modes_is_held_exclusively() -> None:
    story = Story(reentrant=True)
    story.acquire("l", mode=SHARED)
    story.acquire("l", mode=EXCLUSIVE)
    both = story.call()
    story.release("l", mode=EXCLUSIVE)
    one = story.call()
    assert held(story)[both.id] == {"l": EXCLUSIVE}
    assert held(story)[one.id] == {"l": SHARED}


def test_a_release_without_an_acquire_releases_nothing() -> None:
    story = Story()
    story.release("l")
    assert held(story)["e1"] == {}


def test_the_scope_of_a_lock_that_declares_none_is_an_option() -> None:
    story = Story()
    story.acquire("l")
    graph = build_graph(story.events)
    (hold,) = locks_of(graph, Options(lock_scope=Scope.PROCESS)).holds
    assert hold.lock.scope_key == "process:bank/i1/1"


def lock(name: str, mode: LockMode, scope_key: str = "global") -> Lock:
    return Lock(name, scope_key, mode)


@pytest.mark.parametrize(
    ("first", "second", "guarded"),
    [
        ((), (), False),
        ((lock("l", EXCLUSIVE),), (), False),
        ((lock("l", EXCLUSIVE),), (lock("l", EXCLUSIVE),), True),
        ((lock("l", EXCLUSIVE),), (lock("l", SHARED),), True),
        ((lock("l", SHARED),), (lock("l", SHARED),), False),
        ((lock("l", EXCLUSIVE),), (lock("m", EXCLUSIVE),), False),
        ((lock("l", EXCLUSIVE, "process:a"),), (lock("l", EXCLUSIVE, "process:b"),), False),
        ((lock("l", SHARED), lock("m", EXCLUSIVE)), (lock("l", SHARED), lock("m", SHARED)), True),
    ],
)
def test_a_common_lock_protects_unless_both_hold_it_shared(
    first: tuple[Lock, ...], second: tuple[Lock, ...], guarded: bool
) -> None:
    assert is_guarded(first, second) is is_guarded(second, first) is guarded


def test_a_release_leads_to_the_next_acquire_of_one_process() -> None:
    story = Story()
    for thread in ("t1", "t2", "t3"):
        story.acquire("l", on=thread, id=f"acquire {thread}")
        story.release("l", on=thread, id=f"release {thread}")
    assert handovers(story) == {("release t1", "acquire t2"), ("release t2", "acquire t3")}


def test_two_shared_holds_do_not_wait_for_each_other() -> None:
    story = Story()
    for thread, mode in (("w1", EXCLUSIVE), ("r1", SHARED), ("r2", SHARED), ("w2", EXCLUSIVE)):
        story.acquire("l", on=thread, id=f"acquire {thread}", mode=mode)
        story.release("l", on=thread, id=f"release {thread}", mode=mode)
    assert handovers(story) == {
        ("release w1", "acquire r1"),
        ("release w1", "acquire r2"),
        ("release w1", "acquire w2"),
        ("release r1", "acquire w2"),
        ("release r2", "acquire w2"),
    }


def test_a_grant_counts_before_the_clock() -> None:
    story = Story()
    story.acquire("l", on="t2", id="acquire second", grant=2, at=1)
    story.release("l", on="t2", id="release second", grant=2, at=2)
    story.acquire("l", on="t1", id="acquire first", grant=1, at=3)
    story.release("l", on="t1", id="release first", grant=1, at=4)
    assert handovers(story) == {("release first", "acquire second")}


@pytest.mark.parametrize(("grants", "edges"), [((None, None), 0), ((1, 2), 1)])
def test_across_processes_only_grants_order(grants: tuple[int | None, int | None], edges: int) -> None:
    story = Story(scope=Scope.SERVICE)
    for instance, grant in zip(("i1", "i2"), grants, strict=True):
        story.acquire("l", instance=instance, on=instance, grant=grant)
        story.release("l", instance=instance, on=instance, grant=grant)
    assert len(handovers(story)) == edges


def test_stamps_that_contradict_the_holding_order_nothing() -> None:
    story = Story()
    story.acquire("l", on="t1", at=1)
    story.acquire("l", on="t2", at=2)
    story.release("l", on="t1", at=3)
    story.release("l", on="t2", at=4)
    assert handovers(story) == set()


def test_a_hold_whose_release_is_missing_hands_nothing_over() -> None:
    story = Story()
    story.acquire("l", on="t1")
    story.release("l", on="t1", id="release t1")
    story.acquire("l", on="t2", id="acquire t2")
    story.acquire("l", on="t3", id="acquire t3")
    assert handovers(story) == {("release t1", "acquire t2"), ("release t1", "acquire t3")}


@given(programs(60, is_steady=True))
@examples(60)
def test_h_orders_the_holds_of_a_process_that_excluded_each_other(events: list[Event]) -> None:
    graph = build_graph(events)
    holds = locks_of(graph, DEFAULTS).holds
    clocks = clocks_of(graph, lock_edges(graph, holds))
    for first, second in permutations(holds, 2):
        is_one = first.lock[:2] == second.lock[:2] and process(graph, first) == process(graph, second)
        if is_one and EXCLUSIVE in (first.lock.mode, second.lock.mode) and first.release is not None:
            is_before = graph.finishes_ns[first.release] < graph.finishes_ns[second.acquire]
            assert clocks.happens_before(first.release, second.acquire) is is_before


def process(graph: CausalGraph, hold: Hold) -> Process:
    return graph.chains[graph.chain_of[hold.acquire]].process


def test_holds_stand_in_program_order_whatever_their_ids() -> None:
    """Without stamps, line 10 is numbered before line 9."""
    lines = b"\n".join([b"T1|r(x)|f"] * 8 + [b"T1|acq(a)|f", b"T1|rel(a)|f", b"T1|acq(a)|f", b"T1|acq(b)|f"])
    graph = build_graph(std.read(lines))
    holds = locks_of(graph, DEFAULTS).holds
    assert [graph.events[hold.acquire].id for hold in holds] == ["9", "11", "12"]
    assert [hold.release and graph.events[hold.release].id for hold in holds] == ["10", None, None]
