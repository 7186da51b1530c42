"""The parts of the search for deadlocks, each against its definition."""

from __future__ import annotations

from itertools import pairwise, product
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Story

from raceway_core import deadlock
from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import Deadlocks, find_deadlocks
from raceway_core.event import Event, LockMode
from raceway_core.identity import Lock
from raceway_core.locking import meeting
from raceway_core.locking.cycle import LONGEST, CycleSearch, Pattern
from raceway_core.locking.meeting import meetings
from raceway_core.locking.span import are_exclusive
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS

NAMES = "abcd"
LOCKS = st.builds(Lock, st.sampled_from(NAMES), st.just("global"), st.sampled_from(list(LockMode)))
HELD = st.lists(LOCKS, min_size=1, max_size=2, unique_by=lambda lock: lock.name)


@st.composite
def patterns(draw: st.DrawFn) -> list[Pattern]:
    """Draw distinct patterns, none of which wants what it holds."""
    drawn = draw(st.lists(st.tuples(LOCKS, HELD), max_size=6))
    found = [
        Pattern(wanted, tuple(sorted(held)), ())
        for wanted, held in drawn
        if wanted.name not in {lock.name for lock in held}
    ]
    return list(dict.fromkeys(found))


def rotations(cycle: tuple[int, ...]) -> set[tuple[int, ...]]:
    return {cycle[place:] + cycle[:place] for place in range(len(cycle))}


def is_cycle(numbers: tuple[int, ...], all_patterns: list[Pattern]) -> bool:
    """Tell by definition: each waits for the next and for nobody else, and no gate is in two."""
    chosen = [all_patterns[number] for number in numbers]
    places = range(len(chosen))
    waits = {
        (i, j) for i in places for j in places if i != j and are_exclusive((chosen[i].lock,), chosen[j].held)
    }
    is_gated = any(are_exclusive(chosen[i].held, chosen[j].held) for i in places for j in places if i < j)
    return waits == {(i, (i + 1) % len(chosen)) for i in places} and not is_gated


@given(patterns())
@examples(100)
def test_the_cycles_are_those_of_the_definition(drawn: list[Pattern]) -> None:
    search = CycleSearch(drawn)
    found = list(search.cycles())
    sizes = range(2, LONGEST + 1)
    expected = {
        numbers
        for size in sizes
        for numbers in product(range(len(drawn)), repeat=size)
        if is_cycle(numbers, drawn)
    }
    assert {rotated for cycle in found for rotated in rotations(cycle)} == expected
    assert all(cycle[0] == min(cycle) for cycle in found)
    assert [len(cycle) for cycle in found] == sorted(map(len, found))
    assert not search.is_cut


def chatter(random: Random) -> tuple[CausalGraph, list[list[int]]]:
    """Return the graph of three threads that send each other messages, and their calls."""
    story = Story()
    threads, sent = ("T1", "T2", "T3"), 0
    for _ in range(random.randint(3, 20)):
        thread = random.choice(threads)
        if sent and random.random() < 0.3:
            story.receive(f"m{random.randrange(sent)}", on=thread)
        elif random.random() < 0.4:
            story.send(f"m{sent}", on=thread)
            sent += 1
        else:
            story.call(on=thread)
    graph = build_graph(story.events)
    calls: dict[str, list[int]] = {thread: [] for thread in threads}
    for number, event in enumerate(graph.events):
        if event.kind.FunctionCall:
            calls[event.metadata.thread_id].append(number)
    return graph, list(calls.values())


@given(st.randoms(use_true_random=True))
@examples(60)
def test_the_meetings_are_the_concurrent_choices(random: Random) -> None:
    graph, sequences = chatter(random)
    clocks = clocks_of(graph)
    expected = {
        choice
        for choice in product(*sequences)
        if not any(clocks.happens_before(first, second) for first in choice for second in choice)
    }
    found = list(meetings(sequences, clocks))
    assert len(set(found)) == len(found)
    assert set(found) <= expected
    assert len(found) == min(len(expected), meeting.MOST_MEETINGS)


def nested(thread: str, *locks: str) -> list[tuple[str, str, str]]:
    acquires = [(thread, "acquire", lock) for lock in locks]
    return [*acquires, *((thread, "release", lock) for lock in reversed(locks))]


def told(*steps: tuple[str, str, str]) -> list[Event]:
    story = Story()
    words = {"acquire": story.acquire, "release": story.release}
    for thread, word, lock in steps:
        words[word](lock, on=thread)
    return story.events


def searched(events: list[Event]) -> Deadlocks:
    graph = build_graph(events)
    return find_deadlocks(graph, clocks_of(graph), locks_of(graph, DEFAULTS).holds, DEFAULTS)


def test_of_very_many_deadlocks_some_are_reported_and_the_cut_is_told() -> None:
    threads = range(30)
    steps = [step for thread in threads for step in nested(f"T{thread}", *("ab" if thread % 2 else "ba"))]
    found = searched(told(*steps))
    assert (len(found.cycles), found.is_cut) == (225, False)
    many = [step for thread in range(90) for step in nested(f"T{thread}", *("ab" if thread % 2 else "ba"))]
    found = searched(told(*many))
    assert (len(found.cycles), found.is_cut) == (deadlock.MOST_DEADLOCKS, True)


def test_tasks_in_a_row_are_not_tried_against_each_other() -> None:
    story = Story()
    tasks = [f"t{number}" for number in range(400)]
    for number, (task, after) in enumerate(pairwise(tasks)):
        for _, word, lock in nested(task, *("ab" if number % 2 else "ba")):
            (story.acquire if word == "acquire" else story.release)(lock, task=task, on=task)
        story.spawn(after, task=task, on=task)
    found = searched(story.events)
    assert (list(found.cycles), found.is_cut) == ([], False)
