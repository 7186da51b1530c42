"""Findings of deadlocks: one per fault, its words, and a name that survives edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from tests.unit.core.build import Story

from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.deadlock import find_deadlocks
from raceway_core.deadlock_finding import distinct_deadlocks, find_deadlock_faults
from raceway_core.event import Event, LockAcquire, LockMode, LockPayload, LockRelease, LockRequest
from raceway_core.finding import AccessEvidence, Finding, FindingKind, Severity, Verdict, merge_findings
from raceway_core.locking.fault import MOST_SHOWN
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.result import Deadlock, DeadlockStatus


def findings_of(events: Sequence[Event]) -> list[Finding]:
    graph = build_graph(events)
    clocks = clocks_of(graph)
    cycles = find_deadlocks(graph, clocks, locks_of(graph, DEFAULTS).holds, DEFAULTS).cycles
    return find_deadlock_faults(graph, clocks, cycles)


class Teller:
    """Tells of locks at places, which `Story` leaves out."""

    def __init__(self, trace_id: str = "t1") -> None:
        self.story = Story(trace_id)

    def takes(self, thread: str, *locks: str, at: int = 10, mode: LockMode | None = None) -> Teller:
        """Acquire locks at successive lines, and release them."""
        for kind, names in ((LockAcquire, locks), (LockRelease, locks[::-1])):
            for place, lock in enumerate(names):
                self.say(kind, thread, lock, at + place, mode)
        return self

    def say(
        self, kind: type[LockPayload], thread: str, lock: str, line: int, mode: LockMode | None = None
    ) -> None:
        location = f"bank.py:{line} {thread}"
        self.story.event(kind(lock_id=lock, location=location, mode=mode, reentrant=False), on=thread)


def opposite(trace_id: str = "t1", *, at: int = 10, locks: str = "ab") -> list[Event]:
    """Tell of two functions that take two locks in opposite orders."""
    teller = Teller(trace_id).takes("pay", *locks, at=at)
    return teller.takes("audit", *reversed(locks), at=at + 10).story.events


def test_a_predicted_deadlock_in_words() -> None:
    (finding,) = findings_of(opposite())
    assert (finding.kind, finding.verdict, finding.severity) == (
        FindingKind.DEADLOCK,
        Verdict.POSSIBLE,
        Severity.CRITICAL,
    )
    assert (finding.variable, finding.pairs, finding.services) == ("a, b", 1, ("bank",))
    assert finding.summary == "two tasks can wait for each other for ever: a and b"
    assert finding.missing_edge == (
        "Nothing keeps these apart, neither a cause nor a common lock: audit holds b and asks for a at "
        "bank.py:21 audit, while pay holds a and asks for b at bank.py:11 pay."
    )
    assert finding.fix == "Take the locks in one order everywhere, such as a, then b: see bank.py:11–21."
    (example,) = finding.examples
    shown = [(one.thread_id, one.variable, [lock.id for lock in one.lockset]) for one in pair_of(finding)]
    assert shown == [("audit", "a", ["b"]), ("pay", "b", ["a"])]
    assert example.gap_ns == 4_000_000


def pair_of(finding: Finding) -> tuple[AccessEvidence, AccessEvidence]:
    example = finding.examples[0]
    return (example.first, example.second)


class Case(NamedTuple):
    """What is said of a story."""

    teller: Teller
    verdict: Verdict
    summary: str
    missing_edge: str
    fix: str


def stuck() -> Teller:
    teller = Teller()
    teller.say(LockAcquire, "T1", "a", 1)
    teller.say(LockAcquire, "T2", "b", 2)
    teller.say(LockRequest, "T1", "b", 3)
    teller.say(LockRequest, "T2", "a", 4)
    return teller


def alone() -> Teller:
    teller = Teller()
    teller.say(LockAcquire, "T1", "a", 1)
    teller.say(LockRequest, "T1", "a", 2)
    return teller


def awaited() -> Teller:
    teller = Teller()
    teller.story.spawn("C", on="P")
    teller.takes("C", "a", at=7)
    teller.say(LockAcquire, "P", "a", 3)
    teller.story.join("C", on="P")
    teller.say(LockRelease, "P", "a", 5)
    return teller


def upgraded() -> Teller:
    teller = Teller()
    for thread in ("T1", "T2"):
        teller.say(LockAcquire, thread, "l", 1, LockMode.SHARED)
        teller.say(LockAcquire, thread, "l", 2, LockMode.EXCLUSIVE)
        teller.say(LockRelease, thread, "l", 3, LockMode.EXCLUSIVE)
    return teller


CASES = {
    "seen": Case(
        stuck(),
        Verdict.OBSERVED,
        "two tasks wait for each other for ever: a and b",
        "Nobody can go on: T1 holds a and asks for b at bank.py:3 T1, while T2 holds b and asks for a at "
        "bank.py:4 T2.",
        "Take the locks in one order everywhere, such as a, then b: see bank.py:3–4.",
    ),
    "alone": Case(
        alone(),
        Verdict.OBSERVED,
        "a task waits for ever for lock a, which it holds itself",
        "Nobody can go on: T1 holds a and asks for a at bank.py:2 T1.",
        "Make lock a re-entrant, or release it before bank.py:2.",
    ),
    "awaited": Case(
        awaited(),
        Verdict.POSSIBLE,
        "a task can wait for ever for lock a, which its waiting parent holds",
        "Nothing keeps the lock from being taken first: C asks for a at bank.py:7 C while P, which awaits "
        "it, holds a.",
        "Release a before awaiting the task that needs a lock itself.",
    ),
    "upgraded": Case(
        upgraded(),
        Verdict.POSSIBLE,
        "two tasks can wait for each other for ever: l",
        "Nothing keeps these apart, neither a cause nor a common lock: T1 holds l shared and asks for l at "
        "bank.py:2 T1, while T2 holds l shared and asks for l at bank.py:2 T2.",
        "Take lock l exclusively from the start in bank.py:2.",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_kind_of_deadlock_in_words(case: Case) -> None:
    (finding,) = findings_of(case.teller.story.events)
    assert (finding.verdict, finding.summary) == (case.verdict, case.summary)
    assert finding.missing_edge == case.missing_edge
    assert finding.fix == case.fix


def test_tasks_of_one_thread_are_told_apart() -> None:
    story = Story("t1", on="loop")
    for task, locks in (("request-1", "ab"), ("request-2", "ba")):
        for line, lock in enumerate(locks, 1):
            story.event(LockAcquire(lock_id=lock, location=f"bank.py:{line}"), task=task)
        for lock in locks:
            story.event(LockRelease(lock_id=lock, location="bank.py:3"), task=task)
    (finding,) = findings_of(story.events)
    assert finding.missing_edge == (
        "Nothing keeps these apart, neither a cause nor a common lock: request-1 holds a and asks for b at "
        "bank.py:2, while request-2 holds b and asks for a at bank.py:2."
    )
    assert [(one.thread_id, one.task) for one in pair_of(finding)] == [
        ("loop", "request-1"),
        ("loop", "request-2"),
    ]


def test_a_parent_on_the_same_thread_is_told_apart_from_its_task() -> None:
    story = Story("t1", on="loop")
    story.spawn("child", task="main")
    for kind in (LockAcquire, LockRelease):
        story.event(kind(lock_id="a", location="bank.py:7"), task="child")
    story.event(LockAcquire(lock_id="a", location="bank.py:3"), task="main")
    story.join("child", task="main")
    story.event(LockRelease(lock_id="a", location="bank.py:5"), task="main")
    (finding,) = findings_of(story.events)
    assert finding.missing_edge == (
        "Nothing keeps the lock from being taken first: child asks for a at bank.py:7 while main, which "
        "awaits it, holds a."
    )


def test_the_lock_that_a_task_waits_for_in_vain_is_shown_where_it_was_taken() -> None:
    (finding,) = findings_of(awaited().story.events)
    example = finding.examples[0]
    assert (example.first.location, example.second.location) == ("bank.py:7 C", "bank.py:3 P")


def test_of_three_tasks_the_last_is_a_witness() -> None:
    teller = Teller()
    for thread, locks in (("T1", "ab"), ("T2", "bc"), ("T3", "ca")):
        teller.takes(thread, *locks)
    (finding,) = findings_of(teller.story.events)
    assert finding.summary == "three tasks can wait for each other for ever: a, b and c"
    assert [one.thread_id for one in finding.examples[0].witness] == ["T3"]


def test_of_a_great_circle_the_first_tasks_are_shown() -> None:
    teller = Teller()
    for kind, shift in ((LockAcquire, 0), (LockRequest, 1)):
        for number in range(10, 30):
            teller.say(kind, f"T{number}", f"fork {(number + shift - 10) % 20 + 10}", number)
    (finding,) = findings_of(teller.story.events)
    assert finding.summary.startswith("20 tasks wait for each other for ever: fork 11, fork 12, ")
    assert finding.missing_edge.endswith(", while 12 more in the circle do likewise.")
    assert finding.variable.endswith("fork 17, …")
    assert len(finding.examples[0].witness) == MOST_SHOWN - 2


def test_deadlocks_at_one_place_are_one_fault_whatever_the_locks_and_lines() -> None:
    one, moved, others = (
        findings_of(opposite("t1")),
        findings_of(opposite("t2", at=50)),
        findings_of(opposite("t3", locks="xy")),
    )
    (merged, other) = merge_findings([*one, *moved, *others])
    assert {finding.pairs for finding in (merged, other)} == {1, 2}
    assert one[0].fingerprint == moved[0].fingerprint != others[0].fingerprint


def test_numbered_locks_are_one_fault() -> None:
    teller = Teller()
    for locks in (("account 1", "account 2"), ("account 2", "account 1")):
        teller.takes("pay", *locks, at=1)
        teller.takes("refund", *reversed(locks), at=1)
    (finding,) = findings_of(teller.story.events)
    assert finding.variable == "account 1, account 2"


def test_one_deadlock_per_set_of_threads_and_locks_and_the_actual_one_counts() -> None:
    def told(status: DeadlockStatus, *threads: str) -> Deadlock:
        return Deadlock(status=status, locks=("a", "b"), threads=threads, locations=("", ""))

    seen = told(DeadlockStatus.ACTUAL, "T2", "T1")
    possible = [told(DeadlockStatus.PREDICTED, "T1", "T2"), told(DeadlockStatus.PREDICTED, "T1", "T3")]
    assert distinct_deadlocks([*possible, seen]) == [seen, possible[1]]
