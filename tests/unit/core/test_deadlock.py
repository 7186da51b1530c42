"""Deadlocks: named cases, and every schedule of small random programs as the oracle."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Said, Story
from tests.unit.core.lock_program import Explorer, random_scripts, std_lines, told

from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.deadlock_finding import deadlocks_of as reported
from raceway_core.event import Event, LockMode, Scope
from raceway_core.formats import std
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.result import Deadlock, DeadlockStatus

Sets = set[tuple[frozenset[str], frozenset[str]]]


def deadlocks_of(events: list[Event]) -> tuple[Deadlock, ...]:
    graph = build_graph(events)
    found = find_deadlocks(graph, clocks_of(graph), locks_of(graph, DEFAULTS).holds, DEFAULTS)
    assert not found.is_cut
    return reported(graph, found.cycles)


def sets_of(events: list[Event]) -> Sets:
    """Return the threads and the locks of each deadlock."""
    found = [(frozenset(one.threads), frozenset(one.locks)) for one in deadlocks_of(events)]
    assert len(found) == len(set(found))
    return set(found)


def sets(*words: str) -> Sets:
    """Return the sets of 'T1 T2: a b', where a letter is a lock."""
    parts = (word.split(": ") for word in words)
    return {(frozenset(threads.split()), frozenset(locks.split())) for threads, locks in parts}


def steps(text: str) -> list[Event]:
    """Read 'T1 +a +b -b -a | T2 …': who acquires and releases what; `f` forks and `j` joins."""
    words = {"+": "acq", "-": "rel", "f": "fork", "j": "join"}
    lines = [
        f"{thread}|{words[step[0]]}({step[1:]})|x.py:{number}"
        for number, (thread, *turn) in enumerate(map(str.split, text.split("|")), 1)
        for step in turn
    ]
    return std.read("\n".join(lines).encode())


CASES = {
    "two locks in opposite orders": ("T1 +a +b -b -a | T2 +b +a -a -b", sets("T1 T2: a b")),
    "one order": ("T1 +a +b -b -a | T2 +a +b -b -a", set()),
    "one task in both orders": ("T1 +a +b -b -a +b +a -a -b", set()),
    "a gate lock around both": ("T1 +g +a +b -b -a -g | T2 +g +b +a -a -b -g", set()),
    "a gate lock around one": ("T1 +g +a +b -b -a -g | T2 +b +a -a -b", sets("T1 T2: a b")),
    "a gate lock released too early": ("T1 +g +a -g +b -b -a | T2 +g +b -g +a -a -b", sets("T1 T2: a b")),
    "three in a circle": ("T1 +a +b -b -a | T2 +b +c -c -b | T3 +c +a -a -c", sets("T1 T2 T3: a b c")),
    "four in a circle": (
        "T1 +a +b -b -a | T2 +b +c -c -b | T3 +c +d -d -c | T4 +d +a -a -d",
        sets("T1 T2 T3 T4: a b c d"),
    ),
    "ordered by a fork": ("T1 +a +b -b -a fT2 | T2 +b +a -a -b", set()),
    "ordered by a join": ("T1 fT2 | T2 +b +a -a -b | T1 jT2 +a +b -b -a", set()),
    "concurrent after a fork": ("T1 fT2 +a +b -b -a | T2 +b +a -a -b", sets("T1 T2: a b")),
    "a parent's lock counts while it awaits": (
        "T +b +a -a -b | P +a fC | C +b -b | P jC -a",
        sets("C T: a b"),
    ),
    "a parent that lets go first": ("T +b +a -a -b | P +a fC -a | C +b -b | P jC", set()),
    "a parent's lock is a gate": (
        "P +g fC | C +a +b -b -a | P jC -g | Q +g fD | D +b +a -a -b | Q jD -g",
        set(),
    ),
    "a grandparent's lock counts": (
        "T +b +a -a -b | G +a fP | P fC | C +b -b | P jC | G jP -a",
        sets("C T: a b"),
    ),
    "a child wants what its waiting parent holds": ("P fC | C +a -a | P +a jC -a", sets("C: a")),
    "locks are re-entrant": ("T1 +a +a -a -a | T2 +a +a -a -a", set()),
    "an inner re-entrant acquire waits for nobody": ("T1 +a +b +a -a -b -a | T2 +a +b -b -a", set()),
    "requests that cannot meet": ("T1 +a +b -b +c -c -a | T2 +b +a -a +c +a -a -c -b", sets("T1 T2: a b")),
    "released in another order": ("T1 +a +b -a +a -a -b | T2 +b -b +a -a", set()),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_named_cases(text: str, expected: Sets) -> None:
    assert sets_of(steps(text)) == expected


@given(st.randoms(use_true_random=True), st.booleans())
@examples(100)
def test_every_deadlock_of_every_schedule_is_found_and_no_other(random: Random, has_shared: bool) -> None:
    program = Explorer(random_scripts(random, has_shared=has_shared, is_reentrant=not has_shared))
    run = program.run(random)
    assume(run)
    assert run
    expected = program.deadlocks()
    assert sets_of(told(run, reentrant=not has_shared)) == expected
    if not has_shared:
        assert sets_of(std.read(std_lines(run))) == expected


def noise(random: Random) -> list[Event]:
    """Return lock events that no program would make, some awaits among them."""
    story = Story()
    for _ in range(random.randint(2, 40)):
        thread = random.choice("123")
        said = Said(on=thread, task=random.choice([None, thread]), grant=random.choice([None, 1, 2]))
        said["mode"], said["reentrant"] = random.choice(list(LockMode)), random.choice([None, True, False])
        said["parent"], said["lasts_ms"] = random.choice([None, *story.events[-3:]]), random.choice([0, 0, 3])
        said["at"] = random.randint(0, 20)
        lock = random.choice([story.request, story.acquire, story.acquire, story.release])
        random.choice([lock, lock, lock, story.spawn, story.join])(random.choice("abc123"), **said)
    return story.events


@given(st.randoms(use_true_random=True))
@examples(60)
def test_the_order_of_arrival_is_nothing_whatever_the_events(random: Random) -> None:
    events = noise(random)
    shuffled = random.sample(events, len(events))
    assert deadlocks_of(shuffled) == deadlocks_of(events)


SHARED, EXCLUSIVE = LockMode.SHARED, LockMode.EXCLUSIVE


def crossed(first: tuple[LockMode, LockMode], second: tuple[LockMode, LockMode], gate: LockMode) -> Story:
    """Tell of two tasks that take two locks in opposite orders, in these modes, inside a gate."""
    story = Story()
    for thread, locks, modes in (("T1", "ab", first), ("T2", "ba", second)):
        story.acquire("gate", on=thread, mode=gate)
        for lock, mode in zip(locks, modes, strict=True):
            story.acquire(lock, on=thread, mode=mode)
        for lock, mode in zip(locks, modes, strict=True):
            story.release(lock, on=thread, mode=mode)
        story.release("gate", on=thread, mode=gate)
    return story


@pytest.mark.parametrize(
    ("first", "second", "gate", "is_found"),
    [
        ((EXCLUSIVE, EXCLUSIVE), (EXCLUSIVE, EXCLUSIVE), SHARED, True),
        ((EXCLUSIVE, EXCLUSIVE), (EXCLUSIVE, EXCLUSIVE), EXCLUSIVE, False),
        ((SHARED, EXCLUSIVE), (SHARED, EXCLUSIVE), SHARED, True),
        ((SHARED, SHARED), (SHARED, SHARED), SHARED, False),
        ((SHARED, SHARED), (EXCLUSIVE, EXCLUSIVE), SHARED, True),
        ((SHARED, SHARED), (EXCLUSIVE, SHARED), SHARED, False),
    ],
)
def test_nobody_waits_for_a_shared_lock_to_share_it(
    first: tuple[LockMode, LockMode], second: tuple[LockMode, LockMode], gate: LockMode, is_found: bool
) -> None:
    assert bool(deadlocks_of(crossed(first, second, gate).events)) is is_found


def test_two_that_upgrade_one_lock_wait_for_each_other() -> None:
    story = Story(reentrant=False)
    for thread in ("T1", "T2"):
        story.acquire("l", on=thread, mode=SHARED)
        story.acquire("l", on=thread, mode=EXCLUSIVE)
        story.release("l", on=thread, mode=EXCLUSIVE)
    assert sets_of(story.events) == sets("T1 T2: l")


def test_a_message_orders_requests() -> None:
    story = Story()
    for thread, locks in (("T1", "ab"), ("T2", "ba")):
        if thread == "T2":
            story.receive("m", on=thread)
        for lock in locks:
            story.acquire(lock, on=thread)
        for lock in locks:
            story.release(lock, on=thread)
        if thread == "T1":
            story.send("m", on=thread)
    assert deadlocks_of(story.events) == ()


def test_tasks_of_one_thread_are_told_apart() -> None:
    story = Story(on="loop")
    for task, locks in (("t1", "ab"), ("t2", "ba")):
        for lock in locks:
            story.acquire(lock, task=task)
        for lock in locks:
            story.release(lock, task=task)
    (deadlock,) = deadlocks_of(story.events)
    assert deadlock.threads == ("bank#i1#t1", "bank#i1#t2")


def test_locks_of_two_processes_are_not_one() -> None:
    story = Story(scope=Scope.PROCESS)
    for instance, locks in (("i1", "ab"), ("i2", "ba")):
        for lock in locks:
            story.acquire(lock, instance=instance)
        for lock in locks:
            story.release(lock, instance=instance)
    assert deadlocks_of(story.events) == ()


def stuck(*ends: str) -> Story:
    """Tell of T1 and T2 that each hold a lock, ask for the other's, and then do what is said."""
    story = Story()
    for thread, lock in (("T1", "a"), ("T2", "b")):
        story.acquire(lock, on=thread)
    for thread, lock in (("T1", "b"), ("T2", "a")):
        story.request(lock, on=thread)
    for thread in ends:
        story.call("gave_up", on=thread)
    return story


def test_requests_that_were_never_granted_are_an_actual_deadlock() -> None:
    (deadlock,) = deadlocks_of(stuck().events)
    assert deadlock.status is DeadlockStatus.ACTUAL
    assert (deadlock.threads, deadlock.locks) == (("T1", "T2"), ("b", "a"))


def test_who_gave_up_does_not_wait() -> None:
    assert deadlocks_of(stuck("T2").events) == ()


def test_who_waits_for_one_that_does_not_wait_is_no_deadlock() -> None:
    story = Story()
    story.acquire("a", on="T1")
    story.request("a", on="T2")
    assert deadlocks_of(story.events) == ()


@pytest.mark.parametrize(
    ("reentrant", "held", "wanted", "is_stuck"),
    [
        (False, EXCLUSIVE, EXCLUSIVE, True),
        (None, EXCLUSIVE, EXCLUSIVE, True),
        (True, EXCLUSIVE, EXCLUSIVE, False),
        (False, SHARED, EXCLUSIVE, True),
        (False, SHARED, SHARED, False),
    ],
)
def test_a_task_can_wait_for_itself(
    reentrant: bool | None, held: LockMode, wanted: LockMode, is_stuck: bool
) -> None:
    story = Story(reentrant=reentrant)
    story.acquire("l", mode=held)
    story.request("l", mode=wanted)
    found = [(one.status, one.threads, one.locks) for one in deadlocks_of(story.events)]
    assert found == ([(DeadlockStatus.ACTUAL, ("main",), ("l",))] if is_stuck else [])


def test_a_task_that_is_awaited_by_the_owner_is_stuck() -> None:
    story = Story()
    story.acquire("a", on="P")
    story.spawn("C", on="P")
    story.acquire("b", on="T")
    story.request("b", task="C", on="C")
    story.join("C", on="P")
    story.request("a", on="T")
    (deadlock,) = deadlocks_of(story.events)
    assert (deadlock.status, deadlock.threads) == (DeadlockStatus.ACTUAL, ("C", "T"))


def test_a_lock_that_a_task_and_its_waiting_parent_both_hold_in_two_modes() -> None:
    """No program can do that, but a record can say so."""
    story = Story()
    story.acquire("b", on="T")
    story.acquire("a", on="P", mode=SHARED, at=5)
    story.spawn("C", on="P")
    story.acquire("a", task="C", on="C", mode=EXCLUSIVE, at=5)
    story.request("b", task="C", on="C")
    story.join("C", on="P")
    story.request("a", on="T")
    assert "C" in {thread for one in deadlocks_of(story.events) for thread in one.threads}


def test_a_lock_that_a_waiting_parent_holds_in_two_modes() -> None:
    """Times and parents contradict each other, so two holds of one lock by one thread overlap."""
    story = Story(reentrant=False)
    asked = story.request("1", on="2", task="2", mode=SHARED, at=18)
    shared = story.acquire("c", on="1", mode=SHARED, grant=1, parent=asked, at=4)
    other = story.request("a", on="3", task="3", mode=SHARED, parent=shared, at=8)
    story.join("1", on="1", parent=other, at=8)
    story.acquire("c", on="1", mode=EXCLUSIVE, grant=2, at=5)
    story.release("c", on="1", mode=SHARED, at=19)
    story.spawn("2", on="1", task="1", at=11, lasts_ms=3)
    assert deadlocks_of(story.events) == ()


@pytest.mark.parametrize("size", [3, 5, 40])
def test_a_circle_of_any_size_is_seen_when_it_happened(size: int) -> None:
    story = Story()
    for number in range(size):
        story.acquire(f"fork {number}", on=f"philosopher {number}")
    for number in range(size):
        story.request(f"fork {(number + 1) % size}", on=f"philosopher {number}")
    actual = [one for one in deadlocks_of(story.events) if one.status is DeadlockStatus.ACTUAL]
    assert [len(one.threads) for one in actual] == [size]


def test_a_hold_whose_release_is_missing_says_nothing() -> None:
    story = Story()
    story.acquire("a", on="T1")
    story.acquire("b", on="T1")
    story.release("b", on="T1")
    for lock in "ba":
        story.acquire(lock, on="T2")
    for lock in "ba":
        story.release(lock, on="T2")
    assert deadlocks_of(story.events) == ()
