"""Predicted lost updates across traces: cases, and the definition asked of every pair of transactions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import combinations, product

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Said, Story
from tests.unit.core.crowd import crowds, windows_of

from raceway_core.access import Access, TransactionKey, Variable, accesses_of, transaction_key
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.pairing import InSpan
from raceway_core.across.predicted import predict_across
from raceway_core.analysis import analyze_trace
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event, TraceId
from raceway_core.finding import Finding, FindingKind, Verdict
from raceway_core.lockset import is_guarded, locks_of
from raceway_core.offline import analyze_events
from raceway_core.options import DEFAULTS
from raceway_core.predicted_update import Holds, locks_in
from raceway_core.result import Window
from raceway_core.run import find_across_traces
from raceway_core.span import SPAN_NS
from raceway_core.transaction import transactions_of, uncommitted_of
from raceway_core.turn import NO_TURN
from raceway_core.write_order import updates_of

SPLIT = "acquire L, read, release L, acquire L, write, release L"
WHOLE = "acquire L, read, write, release L"
BLIND = "acquire L, write, release L"
DAY_MS = 86_400_000.0


def request(name: str, program: str, *, at: float = 0.0) -> Story:
    """Return a trace of one thread that does what the program says, its variable in one process."""
    whole: Said = {"instance": "i1", "at": at, "on": "worker", "service": "bank"}
    story = Story(name, **whole)
    for line, step in enumerate(program.split(", ")):
        what, _, lock = step.partition(" ")
        place = f"bank.py:{10 + line} transfer"
        match what:
            case "acquire":
                story.acquire(lock)
            case "release":
                story.release(lock)
            case "read":
                story.read("x", place=place)
            case "write":
                story.write("x", place=place)
    return story


def lost_in(stories: Sequence[Story]) -> list[Finding]:
    events = [each for story in stories for each in story.events]
    findings = analyze_events(events).findings
    return [finding for finding in findings if finding.kind is FindingKind.LOST_UPDATE]


CASES = [
    ("released in between, twice", [SPLIT, SPLIT], 1),
    ("released in between, against a whole one", [SPLIT, WHOLE], 1),
    ("released in between, against a blind write", [SPLIT, BLIND], 1),
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
    ("another lock held across by one", [f"acquire M, {SPLIT}, release M", WHOLE], 1),
    ("another lock", [SPLIT, WHOLE.replace("L", "M")], 0),
    ("a release that was not recorded", ["acquire L, read, acquire L, write, release L", WHOLE], 0),
    ("only a later release was recorded", [SPLIT.replace("release L", "acquire L, release L", 1), WHOLE], 1),
]


@pytest.mark.parametrize(("name", "programs", "pairs"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("apart_ms", [100.0, DAY_MS])
def test_cases(name: str, programs: Sequence[str], pairs: int, apart_ms: float) -> None:
    stories = [request(f"t{n}", program, at=n * apart_ms) for n, program in enumerate(programs)]
    found = lost_in(stories)
    assert sum(finding.pairs for finding in found) == pairs, name
    for finding in found:
        assert (finding.verdict, finding.across_traces, finding.is_hidden) == (Verdict.POSSIBLE, True, True)


def test_it_says_which_lock_is_released_between_which_lines() -> None:
    [finding] = lost_in([request("t1", SPLIT), request("t2", BLIND, at=DAY_MS)])
    assert (
        "Lock L is released between the read at bank.py:11 transfer and the write at bank.py:14 transfer"
        in (finding.missing_edge)
    )
    assert finding.trace_ids == ("t1", "t2")
    assert finding.fix == "Hold lock L across bank.py:11–14, or read again under it."


def test_writes_at_one_place_are_told_apart() -> None:
    [finding] = lost_in([request("t1", SPLIT), request("t2", SPLIT, at=DAY_MS)])
    assert finding.missing_edge == (
        "Lock L is released between the read at bank.py:11 transfer and the write at bank.py:14 transfer "
        "(worker of trace t2), so the write at bank.py:14 transfer (worker of trace t1) can come between "
        "them unseen."
    )
    assert [read.trace_id for read in finding.examples[0].witness] == ["t2"]


def test_pairs_in_a_span_and_over_all_time_add_up() -> None:
    stories = [request(f"t{n}", SPLIT, at=at) for n, at in enumerate([0.0, 100.0, DAY_MS])]
    [finding] = lost_in(stories)
    assert finding.pairs == 3


def test_a_span_compares_what_never_met_in_it() -> None:
    windows = windows_of([request("t1", SPLIT), request("t2", BLIND, at=20_000.0)])
    (finding,) = find_across_traces(windows[0][1].first_ns // SPAN_NS, windows)
    assert (finding.kind, finding.pairs) == (FindingKind.LOST_UPDATE, 1)


def test_a_split_update_takes_no_turn() -> None:
    def turn(program: str) -> bytes:
        story = request("t", program)
        (window,) = analyze_trace(story.trace_id, story.events).windows
        return window.turn

    assert turn(SPLIT) == NO_TURN
    assert turn(WHOLE) != NO_TURN
    assert turn(SPLIT.replace("write", "read, write")) != NO_TURN


class Deeds:
    """The updates and writes of traces, with what was held from one access to another."""

    def __init__(self, stories: Sequence[Story]) -> None:
        self.updates: dict[TransactionKey, list[tuple[Access, Access, Holds]]] = {}
        self.writes: dict[TransactionKey, list[Access]] = {}
        for story in stories:
            self._read(story.events)

    def _read(self, events: Sequence[Event]) -> None:
        graph = build_graph(events)
        clocks, locks, transactions = clocks_of(graph), locks_of(graph, DEFAULTS), transactions_of(graph)
        accesses = accesses_of(
            graph, transactions=transactions, locksets=locks.locksets, order=clocks.rank, options=DEFAULTS
        )
        holds = Holds(locks.holds, clocks.rank, graph.chain_of)
        uncommitted = uncommitted_of(graph, transactions)
        for of_one in accesses.values():
            committed = [one for one in of_one if one.transaction not in uncommitted]
            for update in updates_of(committed):
                self.updates.setdefault(transaction_key(update.write), []).append((*update, holds))
            for one in committed:
                if one.access_type.writes:
                    self.writes.setdefault(transaction_key(one), []).append(one)

    def losses(self) -> Iterator[tuple[TransactionKey, TransactionKey]]:
        """Yield the pairs of transactions of different traces one of which may lose the other's write."""
        everybody = sorted({*self.updates, *self.writes})
        for first, second in combinations(everybody, 2):
            ways = [
                *product(self.updates.get(first, ()), self.writes.get(second, ())),
                *product(self.updates.get(second, ()), self.writes.get(first, ())),
            ]
            if first[0] != second[0] and any(_loses(*update, write) for update, write in ways):
                yield first, second


def _loses(read: Access, own: Access, holds: Holds, write: Access) -> bool:
    common = locks_in(read) & locks_in(own) & locks_in(write)
    return (
        read.variable == write.variable
        and is_guarded(read.lockset, write.lockset)
        and is_guarded(own.lockset, write.lockset)
        and bool(common)
        and all(holds.is_released(lock, read, own) for lock in common)
    )


def counted(windows: Mapping[TraceId, Window], new_traces: Set[TraceId]) -> int:
    if not windows:
        return 0
    run = RunAccesses(windows, new_traces)
    found = predict_across(run, Variable("x", "global"), InSpan())
    return sum(tally.counts.possible for tally in found.tallies)


@st.composite
def split_crowds(draw: st.DrawFn) -> list[Story]:
    """Draw requests that read and write one variable under locks in all sorts of ways."""
    words = st.sampled_from(["acquire L", "release L", "acquire M", "release M", "read", "write", "read"])
    programs = draw(st.lists(st.lists(words, min_size=2, max_size=9), min_size=2, max_size=5))
    usual = st.sampled_from([SPLIT, SPLIT, WHOLE, BLIND, f"acquire M, {SPLIT}, release M"])
    texts = [draw(st.one_of(st.just(", ".join(program)), usual, usual)) for program in programs]
    begins = [draw(st.sampled_from([0.0, 5.0, 400.0, 90_000.0])) for _ in texts]
    return [request(f"t{n}", text, at=at) for n, (text, at) in enumerate(zip(texts, begins, strict=True))]


@given(st.one_of(split_crowds(), split_crowds(), crowds()))
@examples(100)
def test_every_pair_is_counted_once(stories: list[Story]) -> None:
    expected = list(Deeds(stories).losses())
    event(f"losses: {min(len(expected), 3)}")
    by_scope: dict[str, dict[TraceId, Window]] = {}
    for trace_id, window in windows_of(stories):
        by_scope.setdefault(window.scope, {})[trace_id] = window
    assert sum(counted(windows, windows.keys()) for windows in by_scope.values()) == len(expected)


@given(split_crowds(), st.data())
@examples(60)
def test_a_pair_counts_where_the_later_window_begins(stories: list[Story], data: st.DataObject) -> None:
    windows = dict(windows_of(stories))
    new = data.draw(st.sets(st.sampled_from(sorted(windows)))) if windows else set()
    assert counted(windows, new) == sum(
        bool(new & {one[0], other[0]}) for one, other in Deeds(stories).losses()
    )


@given(split_crowds())
@examples(60)
def test_what_takes_turns_has_nothing_predicted(stories: list[Story]) -> None:
    windows = windows_of(stories)
    if all(window.turn for _, window in windows):
        assert counted(dict(windows), dict(windows).keys()) == 0


def test_many_transactions_of_one_trace_at_once_still_have_an_example() -> None:
    busy = request("t1", ", ".join([SPLIT] * 40))
    windows = windows_of([busy, request("t2", WHOLE, at=50.0)])
    (finding,) = find_across_traces(windows[0][1].first_ns // SPAN_NS, windows)
    assert len(finding.examples) >= 1
