"""Deadlocks between traces: named cases, and every schedule of small random programs as the oracle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import permutations
from random import Random
from typing import Unpack

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Said, Story
from tests.unit.core.lock_program import MAIN, Explorer, Step, lone_scripts
from tests.unit.core.lock_program import Deadlock as Expected

from raceway_core.analysis import analyze_trace
from raceway_core.deadlock_across import classes_by_scope
from raceway_core.event import Event, LockMode, Scope, TraceId
from raceway_core.finding import Finding, FindingKind, Verdict
from raceway_core.locking.across import find_circles
from raceway_core.locking.dependency import pack_dependency
from raceway_core.offline import analyze_events
from raceway_core.result import LockOrder

SHARED, EXCLUSIVE = LockMode.SHARED, LockMode.EXCLUSIVE


def orders_of(stories: Iterable[Story]) -> list[tuple[TraceId, LockOrder]]:
    """Return what traces leave; nothing of it is cut."""
    found = []
    for story in stories:
        result = analyze_trace(story.trace_id, story.events)
        assert not result.summary.notes.get("lock_orders_cut")
        found += [(story.trace_id, order) for order in result.lock_orders]
    return found


def told(trace: str, steps: Sequence[Step], *, reentrant: bool = True) -> Story:
    """Tell what one task did as a trace of its own."""
    story = Story(trace, service="bank", on=trace, reentrant=reentrant)
    for step in steps:
        say = story.acquire if step.action == "acquire" else story.release
        say(step.name, mode=step.mode)
    return story


def circles_of(stories: Iterable[Story]) -> set[Expected]:
    """Return the traces and the locks of each deadlock, whichever trace of a class is taken."""
    orders = orders_of(stories)
    having: dict[bytes, set[str]] = {}
    for trace_id, order in orders:
        having.setdefault(order.body, set()).add(trace_id)
    found: set[Expected] = set()
    for scope, classes in classes_by_scope(orders).items():
        circles, is_cut, _ = find_circles(scope, classes)
        assert not is_cut
        for circle in circles:
            bodies = [pack_dependency(member.dependency) for member in circle.members]
            names = frozenset(member.dependency.lock.name for member in circle.members)
            for traces in permutations(sorted(set().union(*map(having.__getitem__, bodies))), len(bodies)):
                if all(trace in having[body] for trace, body in zip(traces, bodies, strict=True)):
                    found.add((frozenset(traces), names))
    return found


@given(st.randoms(use_true_random=True), st.booleans())
@examples(100)
def test_every_deadlock_of_every_schedule_is_found_and_no_other(random: Random, has_shared: bool) -> None:
    scripts = lone_scripts(random, has_shared=has_shared, is_reentrant=not has_shared)
    expected = Explorer(scripts).deadlocks()
    stories = [told(task, steps, reentrant=not has_shared) for task, steps in scripts.items() if task != MAIN]
    assert circles_of(stories) == expected


def traces(text: str, **said: Unpack[Said]) -> list[Story]:
    """Read '+a +b -b -a | +b …' as one trace each: `+` acquires, `-` releases, `~` acquires shared."""
    stories = []
    for number, words in enumerate(text.split("|"), 1):
        whole: Said = {"on": f"on{number}", "instance": "i1", **said}
        story = Story(f"t{number}", **whole)
        held: dict[str, LockMode] = {}
        for word in words.split():
            if word[0] == "-":
                story.release(word[1:], mode=held.pop(word[1:]))
            else:
                held[word[1:]] = SHARED if word[0] == "~" else EXCLUSIVE
                story.acquire(word[1:], mode=held[word[1:]])
        stories.append(story)
    return stories


def sets(*words: str) -> set[Expected]:
    """Return the sets of 't1 t2: a b'."""
    parts = (word.split(": ") for word in words)
    return {(frozenset(names.split()), frozenset(locks.split())) for names, locks in parts}


CASES = {
    "two locks in opposite orders": ("+a +b -b -a | +b +a -a -b", sets("t1 t2: a b")),
    "any two of three": ("+a +b -b -a | +b +a -a -b | +b +a -a -b", sets("t1 t2: a b", "t1 t3: a b")),
    "one order": ("+a +b -b -a | +a +b -b -a", set()),
    "one trace in both orders": ("+a +b -b -a +b +a -a -b", set()),
    "two such traces": ("+a +b -b -a +b +a -a -b | +a +b -b -a +b +a -a -b", sets("t1 t2: a b")),
    "a gate lock around both": ("+g +a +b -b -a -g | +g +b +a -a -b -g", set()),
    "a gate lock around one": ("+g +a +b -b -a -g | +b +a -a -b", sets("t1 t2: a b")),
    "a shared gate": ("~g +a +b -b -a -g | ~g +b +a -a -b -g", sets("t1 t2: a b")),
    "nobody waits for a shared lock to share it": ("~a ~b -b -a | ~b ~a -a -b", set()),
    "three in a circle": ("+a +b -b -a | +b +c -c -b | +c +a -a -c", sets("t1 t2 t3: a b c")),
    "four in a circle": (
        "+a +b -b -a | +b +c -c -b | +c +d -d -c | +d +a -a -d",
        sets("t1 t2 t3 t4: a b c d"),
    ),
    "names are exact": ("+a[1] +a[2] -a[2] -a[1] | +a[2] +a[3] -a[3] -a[2]", set()),
    "a way that the other one blocks": (
        "+g +d +e -e -g +a +c -c -a -d | +g +e +d -d -g +c +a -a -c -e",
        set(),
    ),
    "a way that is free": ("+d +g +e -e -g +a +c -c -a -d | +g -g +c +a -a -c", sets("t1 t2: a c")),
    "a request that hangs": ("+a +b | +b +a -a -b", sets("t1 t2: a b")),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_named_cases(text: str, expected: set[Expected]) -> None:
    assert circles_of(traces(text, scope=Scope.PROCESS)) == expected
    assert circles_of(traces(text)) == expected


def test_two_that_upgrade_one_lock_need_two_traces() -> None:
    upgrade = [Step("acquire", "l", SHARED), Step("acquire", "l", EXCLUSIVE), Step("release", "l")]
    assert circles_of([told("t1", upgrade, reentrant=False)]) == set()
    assert circles_of([told(name, upgrade, reentrant=False) for name in ("t1", "t2")]) == sets("t1 t2: l")


@pytest.mark.parametrize(
    ("text", "is_settled"),
    [
        ("+a +b -b -a | +a +b -b -a", True),
        ("+a +b -b -a +b +a -a -b", False),
        ("+a +b -b -a | +b +a -a -b", False),
        ("+g +a +b -b -a -g +g +b +a -a -b -g", True),
    ],
)
def test_it_is_settled_if_more_of_the_same_would_change_nothing(text: str, *, is_settled: bool) -> None:
    ((scope, classes),) = classes_by_scope(orders_of(traces(text))).items()
    assert find_circles(scope, classes).is_settled is is_settled


OPPOSITE = "+a +b -b -a | +b +a -a -b"


@pytest.mark.parametrize(
    ("scope", "instances", "is_found"),
    [
        (Scope.PROCESS, ("i1", "i1"), True),
        (Scope.PROCESS, ("i1", "i2"), False),
        (Scope.PROCESS, (None, None), False),
        (Scope.SERVICE, (None, None), True),
        (Scope.SERVICE, ("i1", "i2"), True),
    ],
)
def test_locks_of_different_processes_never_meet(
    scope: Scope, instances: tuple[str | None, str | None], *, is_found: bool
) -> None:
    first, _ = traces(OPPOSITE, scope=scope, instance=instances[0])
    _, second = traces(OPPOSITE, scope=scope, instance=instances[1])
    assert bool(circles_of([first, second])) is is_found


def test_a_lock_in_memory_and_one_of_the_service_are_one_circle() -> None:
    stories = []
    for trace, locks in (("t1", "ab"), ("t2", "ba")):
        story = Story(trace, instance="i1")
        for lock in locks:
            story.acquire(lock, scope=Scope.PROCESS if lock == "a" else Scope.SERVICE)
        stories.append(story)
    assert circles_of(stories) == sets("t1 t2: a b")


def test_what_a_waiting_parent_holds_counts() -> None:
    parent = Story("t1", on="P")
    parent.acquire("a")
    parent.spawn("C")
    parent.acquire("b", on="C", task="C")
    parent.release("b", on="C", task="C")
    parent.join("C")
    parent.release("a")
    _, other = traces(OPPOSITE, instance=None)
    assert circles_of([parent, other]) == sets("t1 t2: a b")


def findings_of(events: Iterable[Event]) -> list[Finding]:
    return [one for one in analyze_events(events).findings if one.kind is FindingKind.DEADLOCK]


def test_the_finding_names_both_requests() -> None:
    day_ms = 86_400_000.0
    pay = Story("aaaaaaaa-1", on="worker-1", service="bank")
    audit = Story("bbbbbbbb-2", on="worker-1", service="bank", at=day_ms)
    for story, locks in ((pay, ("accounts", "journal")), (audit, ("journal", "accounts"))):
        for lock in locks:
            story.acquire(lock)
    (finding,) = findings_of([*audit.events, *pay.events])
    assert (finding.verdict, finding.across_traces, finding.is_hidden) == (Verdict.POSSIBLE, True, False)
    assert finding.variable == "accounts, journal"
    assert finding.trace_ids == ("aaaaaaaa-1", "bbbbbbbb-2")
    assert (finding.first_ns, finding.last_ns) == (pay.events[1].timestamp, audit.events[1].timestamp)
    assert "worker-1 of trace aaaaaaaa holds accounts and asks for journal" in finding.missing_edge
    (deadlock,) = analyze_events([*pay.events, *audit.events]).deadlocks
    assert deadlock.locks == ("journal", "accounts")


def test_a_deadlock_between_the_same_places_inside_a_trace_is_the_same_fault() -> None:
    stories = traces(OPPOSITE, instance=None)
    together = Story("t1")
    for story in stories:
        for event in story.events:
            payload = event.kind.LockAcquire or event.kind.LockRelease
            assert payload
            together.event(payload, on=event.metadata.thread_id)
    (inside,) = findings_of(together.events)
    (across,) = findings_of([event for story in stories for event in story.events])
    assert inside.fingerprint == across.fingerprint
    assert not inside.across_traces


@given(st.randoms(use_true_random=True))
@examples(30)
def test_the_order_of_arrival_is_nothing(random: Random) -> None:
    scripts = lone_scripts(random, tasks=4)
    events = [event for task, steps in scripts.items() for event in told(task, steps).events]
    assume(events)
    shuffled = random.sample(events, len(events))
    assert findings_of(shuffled) == findings_of(events)


def test_how_often_code_runs_adds_no_class() -> None:
    lock = [Step("acquire", "a"), Step("acquire", "b"), Step("release", "b"), Step("release", "a")]
    stories = [told(f"t{number}", lock) for number in range(50)]
    (classes,) = classes_by_scope(orders_of(stories)).values()
    (one,) = classes
    assert len(one.examples) == 4


def test_a_loop_over_many_locks_is_cut_and_says_so() -> None:
    story = Story("t1")
    story.acquire("all")
    for number in range(300):
        story.acquire(f"item {number}")
        story.release(f"item {number}")
    result = analyze_trace(story.trace_id, story.events)
    assert result.summary.notes["lock_orders_cut"] == 1
    assert 0 < len(result.lock_orders) <= 256


def test_names_without_end_are_cut_and_say_so() -> None:
    story = Story("t1")
    for lock in ("a", "b" * 20_000, "c"):
        story.acquire(lock)
    result = analyze_trace(story.trace_id, story.events)
    assert result.summary.notes["lock_orders_cut"] == 1
    assert result.lock_orders == ()


def test_a_loop_over_one_lock_is_one_class() -> None:
    story = Story("t1")
    story.acquire("all")
    for _ in range(300):
        story.acquire("item")
        story.release("item")
    result = analyze_trace(story.trace_id, story.events)
    assert "lock_orders_cut" not in result.summary.notes
    assert len(result.lock_orders) == 2
