"""The result of a trace is a function of its set of events, and of nothing that does not matter."""

from __future__ import annotations

from random import Random

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Story
from tests.unit.core.random_program import programs

from raceway_core.analysis import analyze_trace
from raceway_core.event import AccessType, Event, EventId, Metadata, StateChange, TraceId, kind_of
from raceway_core.finding import Finding, PairCounts
from raceway_core.isolation.part import NOTHING
from raceway_core.lockset import MOST_HELD
from raceway_core.result import MOST_CLOCKS, TraceLocks, TraceResult
from raceway_core.trace_finding import MOST_FINDINGS, MOST_PAIRS

T1 = TraceId("t1")


@given(programs(30), st.randoms(use_true_random=True))
@examples(30)
def test_neither_order_nor_duplicates_change_anything(events: list[Event], random: Random) -> None:
    arrived = [*events, *random.choices(events, k=3)] if events else []
    random.shuffle(arrived)
    if events:
        assert analyze_trace(T1, arrived) == analyze_trace(T1, events)


def renamed(event: Event) -> Event:
    metadata = msgspec.structs.replace(event.metadata, task_id=f"task {event.metadata.task_id}")
    return msgspec.structs.replace(event, metadata=metadata)


def faults(result: TraceResult) -> list[tuple[str, PairCounts, bool]]:
    return [(one.fingerprint, one.pairs_by_verdict, one.uncovered) for one in result.findings]


@given(programs(30))
@examples(30)
def test_the_names_of_tasks_do_not_matter(events: list[Event]) -> None:
    if events:
        result, other = analyze_trace(T1, events), analyze_trace(T1, [renamed(event) for event in events])
        assert faults(other) == faults(result)
        assert other.variables == result.variables


@given(programs(30))
@examples(30)
def test_another_variable_does_not_matter(events: list[Event]) -> None:
    if not events:
        return
    change = StateChange(variable="unrelated", access_type=AccessType.WRITE)
    stranger = msgspec.structs.replace(
        events[-1], id=EventId("stranger"), kind=kind_of(change), metadata=Metadata(thread_id="stranger")
    )
    result, other = analyze_trace(T1, events), analyze_trace(T1, [*events, stranger])
    assert faults(other) == faults(result)
    assert [one for one in other.variables if one.variable != "unrelated"] == list(result.variables)


@given(programs(60))
@examples(30)
def test_counts_agree_with_each_other(events: list[Event]) -> None:
    if not events:
        return
    result = analyze_trace(T1, events)
    assert result.race_pairs == sum(one.pairs.reported for one in result.variables)
    assert result.race_pairs == sum(row.pairs for one in result.variables for row in one.locations)
    assert len(result.races) == result.race_pairs <= MOST_PAIRS or len(result.races) <= MOST_PAIRS
    for finding in result.findings:
        check_finding(finding)


def check_finding(finding: Finding) -> None:
    assert finding.verdict is finding.pairs_by_verdict.strongest
    assert finding.pairs == finding.pairs_by_verdict.of(finding.verdict) > 0
    assert finding.examples[0].verdict is finding.verdict
    assert finding.missing_edge == finding.examples[0].missing_edge
    assert finding.trace_ids == ("t1",)
    assert finding.first_ns <= finding.last_ns


def writers(count: int) -> Story:
    """Each writes once, at a place of its own."""
    story = Story()
    root = story.call()
    for number in range(count):
        story.write("x", number, on=f"w{number}", parent=root, place=f"made-up:{number}")
    return story


def test_caps_are_told_and_counts_stay_exact() -> None:
    story = writers(60)
    result = analyze_trace(story.trace_id, story.events)
    assert result.race_pairs == 60 * 59 // 2
    assert len(result.findings) == MOST_FINDINGS
    assert result.summary.notes["findings_cut"] == 60 * 59 // 2 - MOST_FINDINGS
    assert len(result.races) == MOST_PAIRS


def test_what_both_accesses_follow_is_part_of_the_evidence() -> None:
    story = writers(2)
    result = analyze_trace(story.trace_id, story.events)
    (example,) = result.findings[0].examples
    assert result.races == (example,)
    assert example.ancestor is not None
    assert (example.ancestor.event_id, example.ancestor.what) == ("e1", "call of handler")


def test_notes_have_clocks_in_small_traces_only() -> None:
    for count, has_clocks in ((MOST_CLOCKS, True), (MOST_CLOCKS + 1, False)):
        story = Story()
        for _ in range(count - 1):
            story.call()
        story.acquire("l")
        notes = analyze_trace(story.trace_id, story.events).event_notes
        assert bool(notes[-1].clock) is has_clocks
        assert [lock.id for lock in notes[-1].lockset] == ["l"]
        assert len(notes) == (count if has_clocks else 1)


def test_locks_and_declared_transactions_are_part_of_the_result() -> None:
    story = Story()
    for number in range(MOST_HELD + 1):
        story.acquire(f"l{number:02}")
    story.begin("T")
    story.write("x", 1)
    story.commit("T")
    result = analyze_trace(story.trace_id, story.events)
    assert len(result.locks.holds) == MOST_HELD + 1
    assert result.summary.notes["locksets_cut"] == 4
    assert result.isolation
    assert (result.isolation.transactions, len(result.declared.sessions)) == (1, 1)


def test_a_trace_without_them_has_none() -> None:
    story = Story()
    story.write("x", 1)
    result = analyze_trace(story.trace_id, story.events)
    assert (result.locks, result.isolation, result.declared) == (TraceLocks(), None, NOTHING)
