"""Predicted lost updates: cases, and every schedule of small programs as the definition."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import Said, Story

from raceway_core.analysis import analyze_trace
from raceway_core.finding import Finding, FindingKind, Severity, Verdict
from raceway_core.predicted_update import MOST_CONSIDERED

SPLIT = "acquire L, read, release L, acquire L, write, release L"
WHOLE = "acquire L, read, write, release L"


def told(*programs: str) -> Story:
    """Return a trace of one thread per program, all begun by one event, run one after the other."""
    story = Story()
    root = story.call("main")
    for number, program in enumerate(programs):
        for line, step in enumerate(program.split(", ")):
            _record(story, step, on=f"t{number}", parent=root, place=f"bank.py:{10 * number + line} transfer")
    return story


def _record(story: Story, step: str, **said: Unpack[Said]) -> None:
    what, _, name = step.partition(" ")
    match what:
        case "acquire":
            story.acquire(name, **said)
        case "release":
            story.release(name, **said)
        case "read":
            story.read("x", **said)
        case "write":
            story.write("x", **said)
        case "begin":
            story.begin(name, **said)
        case "abort":
            story.abort(name, **said)


def predicted(story: Story) -> list[Finding]:
    findings = analyze_trace(story.trace_id, story.events).findings
    return [finding for finding in findings if finding.kind is FindingKind.LOST_UPDATE]


@pytest.mark.parametrize(
    ("name", "programs", "pairs"),
    [
        ("released in between, twice", [SPLIT, SPLIT], 1),
        ("released in between, against a whole one", [SPLIT, WHOLE], 1),
        ("released in between, against a blind write", [SPLIT, "acquire L, write, release L"], 1),
        ("three of them", [SPLIT, SPLIT, SPLIT], 3),
        ("held across", [WHOLE, WHOLE], 0),
        ("read again under the lock", [SPLIT.replace("write", "read, write"), WHOLE], 0),
        ("alone", [SPLIT], 0),
        ("against a reader", [SPLIT, "acquire L, read, release L"], 0),
        (
            "another lock held across by both",
            [f"acquire M, {SPLIT}, release M", f"acquire M, {WHOLE}, release M"],
            0,
        ),
        (
            "only a later release was recorded",
            [SPLIT.replace("release L", "acquire L, release L", 1), WHOLE],
            1,
        ),
        ("another lock held across by one", [f"acquire M, {SPLIT}, release M", WHOLE], 1),
        ("a release that was not recorded", ["acquire L, read, acquire L, write, release L", WHOLE], 0),
        ("in a transaction that aborted", [f"begin T, {SPLIT}, abort T", "acquire L, write, release L"], 0),
    ],
)
def test_cases(name: str, programs: Sequence[str], pairs: int) -> None:
    found = predicted(told(*programs))
    assert sum(finding.pairs for finding in found) == pairs, name
    assert {finding.verdict for finding in found} <= {Verdict.POSSIBLE}


def test_it_says_which_lock_is_released_between_which_lines() -> None:
    [finding] = predicted(told(SPLIT, "acquire L, write, release L"))
    assert finding.severity is Severity.CRITICAL
    assert finding.summary == "one update of x can overwrite another that it has not seen"
    assert finding.missing_edge == (
        "Lock L is released between the read at bank.py:1 transfer and the write at bank.py:4 transfer, "
        "so the write at bank.py:11 transfer can come between them unseen."
    )
    assert finding.fix == "Hold lock L across bank.py:1–4, or read again under it."
    [example] = finding.examples
    assert [access.location for access in example.witness] == ["bank.py:1 transfer"]


def test_what_comes_before_or_after_is_not_lost() -> None:
    story = Story()
    root = story.call("main", on="main")
    for thread in ("a", "b"):
        spawned = story.spawn(thread, on="main", parent=root)
        for step in SPLIT.split(", "):
            _record(story, step, on=thread, task=thread, parent=spawned)
        story.join(thread, on="main", parent=spawned)
    assert predicted(story) == []


def test_without_a_lock_it_is_a_race_and_nothing_else() -> None:
    story = told("read, write", "read, write")
    findings = analyze_trace(story.trace_id, story.events).findings
    assert {finding.kind for finding in findings} == {FindingKind.RACE}


class Program(NamedTuple):
    """Steps of one thread; every access is under L."""

    steps: Sequence[str]


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Draw blocks under L, some of them under M too, some with several accesses."""
    steps: list[str] = []
    for _ in range(draw(st.integers(1, 3))):
        outer = draw(st.booleans())
        blocks = draw(st.integers(1, 2)) if outer else 1
        steps += ["acquire M"] * outer
        for _ in range(blocks):
            accesses = draw(st.lists(st.sampled_from(["read", "write"]), min_size=1, max_size=2))
            steps += ["acquire L", *accesses, "release L"]
        steps += ["release M"] * outer
    return Program(steps)


@given(programs(), programs())
def test_predicted_is_what_some_schedule_does(first: Program, second: Program) -> None:
    found = predicted(told(", ".join(first.steps), ", ".join(second.steps)))
    assert bool(found) == (_loses(first, second) or _loses(second, first))


def _loses(mine: Program, theirs: Program) -> bool:
    """Whether a write of `theirs` can be scheduled between a read and the write that rests on it."""
    windows = list(_windows(mine))
    return any(
        begin < at <= end and theirs.steps[other] == "write"
        for at, other in _states(mine, theirs)
        if other < len(theirs.steps) and _may_step(theirs, other, mine, at)
        for begin, end in windows
    )


def _windows(program: Program) -> Iterator[tuple[int, int]]:
    last = None
    for place, step in enumerate(program.steps):
        if step == "read":
            last = place
        elif step == "write" and last is not None:
            yield last, place


def _states(mine: Program, theirs: Program) -> set[tuple[int, int]]:
    """Return where the two threads can stand, as the numbers of steps that each has done."""
    seen, left = {(0, 0)}, [(0, 0)]
    while left:
        at, other = left.pop()
        after = []
        if at < len(mine.steps) and _may_step(mine, at, theirs, other):
            after.append((at + 1, other))
        if other < len(theirs.steps) and _may_step(theirs, other, mine, at):
            after.append((at, other + 1))
        left += [state for state in after if state not in seen]
        seen.update(after)
    return seen


def _may_step(program: Program, at: int, other: Program, other_at: int) -> bool:
    what, _, lock = program.steps[at].partition(" ")
    return what != "acquire" or lock not in _held(other, other_at)


def _held(program: Program, at: int) -> set[str]:
    held: set[str] = set()
    for step in program.steps[:at]:
        what, _, lock = step.partition(" ")
        if what == "acquire":
            held.add(lock)
        elif what == "release":
            held.discard(lock)
    return held


def test_a_prediction_that_is_cut_says_so() -> None:
    def notes(splits: int) -> dict[str, int]:
        story = told(WHOLE, ", ".join([SPLIT] * splits))
        return analyze_trace(story.trace_id, story.events).summary.notes

    assert "predicted_cut" not in notes(MOST_CONSIDERED - 1)
    assert notes(MOST_CONSIDERED + 1)["predicted_cut"] == 1
