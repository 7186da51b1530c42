"""Contention: holds, waits, who waited for whom, and the definition of a chain of waits as the oracle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import NamedTuple

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import MS, NOON_NS, Said, Story
from tests.unit.core.lock_program import Explorer, Scripts, Step, random_scripts

from raceway_core.causal_graph import build_graph
from raceway_core.contention import MOST_HOLDS, contention_of
from raceway_core.event import Event, EventId, LockMode
from raceway_core.lock_use import MOST_NS, merge_uses, uses_in
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.result import LockHold, LockUse, TraceLocks


def contention(events: Sequence[Event]) -> TraceLocks:
    graph = build_graph(events)
    return contention_of(graph, locks_of(graph, DEFAULTS).holds, DEFAULTS)


def uses_of(events: Sequence[Event]) -> dict[str, LockUse]:
    return {use.lock: use for use in uses_in(contention(events))}


def test_a_trace_without_locks_has_none() -> None:
    story = Story()
    story.call()
    assert uses_of(story.events) == {}


def test_holds_and_waits_of_two_tasks() -> None:
    story = Story()
    for word, thread, at in (
        (story.request, "T1", 0),
        (story.acquire, "T1", 1),
        (story.request, "T2", 2),
        (story.release, "T1", 6),
        (story.acquire, "T2", 7),
        (story.release, "T2", 9),
    ):
        word("l", on=thread, at=at)
    assert uses_of(story.events)["l"] == LockUse(
        lock="l",
        scope="service:bank",
        services=("bank",),
        holds=2,
        hold_ns=7 * MS,
        longest_hold_ns=5 * MS,
        waits=2,
        wait_ns=6 * MS,
        contended=1,
        contended_ns=5 * MS,
        longest_wait_ns=5 * MS,
        owners=("T1", "T2"),
        waiters=("T2",),
        longest_chain=1,
    )


def test_holds_are_told_as_they_began_each_with_its_lock() -> None:
    story = Story()
    for lock in ("quick", "slow"):
        story.request(lock, at=0)
    story.acquire("quick", at=1, id="first")
    story.acquire("slow", at=5, id="second")
    story.release("quick", at=6)
    found = contention(story.events)
    at = [NOON_NS + ms * MS for ms in range(7)]
    assert [use.lock for use in uses_in(found)] == ["slow", "quick"]
    who = ("service:bank", "bank", "main")
    assert found.holds == (
        LockHold("quick", *who, EventId("first"), at[0], at[1], at[6], 0),
        LockHold("slow", *who, EventId("second"), at[0], at[5], None, 0),
    )


def test_uses_of_several_traces_add_up() -> None:
    traces = []
    for number, waits in enumerate((1, 5)):
        story = Story(f"t{number}")
        story.request("l", on=f"T{number}", at=0)
        story.acquire("l", on=f"T{number}", at=waits)
        story.release("l", on=f"T{number}", at=7)
        story.acquire("m", on=f"T{number}")
        traces.append(uses_in(contention(story.events)))
    merged = merge_uses(use for uses in traces for use in uses)
    assert merged == merge_uses(use for uses in traces[::-1] for use in uses)
    assert [use.lock for use in merged] == ["l", "m"]
    lock = merged[0]
    assert (lock.holds, lock.hold_ns, lock.longest_hold_ns) == (2, 8 * MS, 6 * MS)
    assert (lock.waits, lock.wait_ns, lock.longest_wait_ns) == (2, 6 * MS, 5 * MS)
    assert (lock.owners, lock.waiters, lock.services) == (("T0", "T1"), (), ("bank",))


def test_tasks_of_one_thread_are_told_apart() -> None:
    story = Story(on="loop")
    for task, at in (("a", 0), ("b", 1)):
        story.request("l", task=task, at=at)
    for task, at in (("a", 2), ("b", 6)):
        story.acquire("l", task=task, at=at)
        story.release("l", task=task, at=at + 3)
    use = uses_of(story.events)["l"]
    assert (use.owners, use.waiters) == (("bank#i1#a", "bank#i1#b"), ("bank#i1#b",))


def test_a_task_does_not_contend_with_itself() -> None:
    story = Story()
    story.acquire("l")  # and never releases it
    story.request("l")
    story.acquire("l")
    use = uses_of(story.events)["l"]
    assert (use.holds, use.waits, use.contended) == (2, 1, 0)


def test_sums_of_clocks_that_lie_can_be_stored() -> None:
    story = Story()
    for number in range(3):
        story.acquire("l", at=-9e12)
        story.release("l", at=7.5e12, on="main" if number else "other")
        story.release("l", at=7.5e12)
    assert uses_of(story.events)["l"].hold_ns == MOST_NS


def test_holds_beyond_the_bound_are_counted_and_not_told() -> None:
    story = Story()
    for _ in range(MOST_HOLDS + 1):
        story.acquire("l")
        story.release("l")
    found = contention(story.events)
    assert (uses_in(found)[0].holds, len(found.holds)) == (MOST_HOLDS + 1, MOST_HOLDS)


def test_an_acquire_with_a_duration_is_a_wait() -> None:
    story = Story()
    story.acquire("l", on="T1", at=1)
    story.release("l", on="T1", at=6)
    story.acquire("l", on="T2", at=7, lasts_ms=4)
    use = uses_of(story.events)["l"]
    assert (use.waits, use.wait_ns, use.waiters) == (1, 4 * MS, ("T2",))


def test_waits_in_a_row() -> None:
    story = Story()
    story.acquire("b", on="T3", at=0)
    story.acquire("a", on="T2", at=1)
    story.request("a", on="T1", at=2)
    story.request("b", on="T2", at=3)
    story.release("b", on="T3", at=4)
    story.acquire("b", on="T2", at=5)
    story.release("b", on="T2", at=6)
    story.release("a", on="T2", at=7)
    story.acquire("a", on="T1", at=8)
    uses = uses_of(story.events)
    assert {name: use.longest_chain for name, use in uses.items()} == {"a": 2, "b": 1}
    assert list(uses) == ["a", "b"]  # the one most waited for first


def test_those_who_share_do_not_wait_for_each_other() -> None:
    story = Story(mode=LockMode.SHARED)
    for thread in ("T1", "T2"):
        story.request("l", on=thread)
        story.acquire("l", on=thread)
    assert uses_of(story.events)["l"].waiters == ()


def test_clocks_of_two_processes_are_not_compared() -> None:
    story = Story()
    story.acquire("l", instance="i1", on="T1")
    story.request("l", instance="i2", on="T2")
    story.acquire("l", instance="i2", on="T2")
    story.release("l", instance="i1", on="T1")
    assert uses_of(story.events)["l"].contended == 0


class Stretch(NamedTuple):
    """A hold of a lock, or a wait for it by a task that held others."""

    lock: str
    mode: LockMode
    start: int
    end: int
    others: Mapping[str, LockMode] = {}

    def overlaps(self, other: Stretch) -> bool:
        return self.start < other.end and other.start < self.end

    def excludes(self, lock: str, mode: LockMode | None) -> bool:
        return self.lock == lock and mode is not None and LockMode.EXCLUSIVE in (self.mode, mode)


class Told(NamedTuple):
    """A run as its teller knows it."""

    events: list[Event]
    waits: list[Stretch]
    holds: list[Stretch]


def tell(scripts: Scripts, run: Sequence[tuple[str, Step]]) -> Told:
    """Tell a run; every task asks for a lock as soon as it comes to it. A step takes 2 ms."""
    story, told = Story(reentrant=False), Told([], [], [])
    left = {task: list(script)[1:] for task, script in scripts.items()}
    asked: dict[str, int] = {}
    held: dict[str, dict[str, tuple[LockMode, int]]] = {task: {} for task in scripts}
    for now, (task, step) in zip(range(0, 2 * len(run), 2), run, strict=True):
        said = Said(on=task, task=task, mode=step.mode, at=now)
        if step.action == "acquire":
            if task in asked:
                others = {lock: mode for lock, (mode, _) in held[task].items()}
                told.waits.append(Stretch(step.name, step.mode, asked.pop(task), now, others))
            story.acquire(step.name, **said)
            held[task][step.name] = (step.mode, now)
        elif step.action == "release":
            story.release(step.name, **said)
            mode, begun = held[task].pop(step.name)
            told.holds.append(Stretch(step.name, mode, begun, now))
        if left[task] and (following := left[task].pop(0)).action == "acquire":
            asked[task] = now + 1
            said["mode"], said["at"] = following.mode, now + 1
            story.request(following.name, **said)
    return told._replace(events=story.events)


def longest(wait: Stretch, told: Told) -> int:
    """Return how many contended waits stand in a row from this one on."""
    if not any(hold.excludes(wait.lock, wait.mode) and hold.overlaps(wait) for hold in told.holds):
        return 0
    owners = (
        other
        for other in told.waits
        if other.end < wait.end
        and other.overlaps(wait)
        and wait.excludes(wait.lock, other.others.get(wait.lock))
    )
    return 1 + max((longest(other, told) for other in owners), default=0)


@given(st.randoms(use_true_random=True), st.booleans())
@examples(60)
def test_chains_of_waits_are_those_of_the_definition(random: Random, has_shared: bool) -> None:
    scripts = random_scripts(random, has_shared=has_shared, tasks=4)
    run = Explorer(scripts).run(random)
    assume(run)
    assert run
    told = tell(scripts, run)
    for lock, use in uses_of(told.events).items():
        chains = [longest(wait, told) for wait in told.waits if wait.lock == lock]
        assert use.waits == len(chains)
        assert use.contended == sum(chain > 0 for chain in chains)
        assert use.longest_chain == max(chains, default=0)
        assert use.hold_ns == sum(hold.end - hold.start for hold in told.holds if hold.lock == lock) * MS
