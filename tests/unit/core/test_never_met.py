"""Predicted lost updates over all time: cases, and the definition asked of every pair of transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from random import Random

import msgspec
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Story
from tests.unit.core.crowd import Windows, windows_of
from tests.unit.core.test_predicted_across import BLIND, SPLIT, WHOLE, Deeds, counted, request

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses
from raceway_core.across.deed import Deed, doers_of
from raceway_core.across.exemplar import MOST_CLASSES, exemplars_of
from raceway_core.across.pairing import Apart, InSpan, Pairing
from raceway_core.across.predicted import predict_across
from raceway_core.counting.fingerprint import fingerprint_of
from raceway_core.deed_key import NO_DEEDS, DeedKey, is_split
from raceway_core.event import EventId, TraceId
from raceway_core.finding import FindingKind, Verdict
from raceway_core.result import Window
from raceway_core.run import find_across_traces, find_never_met
from raceway_core.span import SPAN_NS, spans_of

HOUR_MS = 3_600_000.0
UNLOCKED = "read, write"
DECIDED = SPLIT.replace("acquire L, write", "acquire L, read, write")
GATED = "acquire M, {}, release M"


def told(programs: Sequence[str], *, apart_ms: float = HOUR_MS) -> Windows:
    return windows_of([request(f"t{n}", program, at=n * apart_ms) for n, program in enumerate(programs)])


CASES = [
    ("split twice", [SPLIT, SPLIT], 1),
    ("split, and whole", [SPLIT, WHOLE], 1),
    ("whole, and split later", [WHOLE, SPLIT], 1),
    ("split, and a blind write", [SPLIT, BLIND], 1),
    ("a lock held across by both", [GATED.format(SPLIT), GATED.format(WHOLE)], 0),
    ("a lock held across by the update alone", [GATED.format(SPLIT), WHOLE], 1),
    ("guarded by another lock", [SPLIT, WHOLE.replace("L", "M")], 0),
    ("not guarded: that is a race, where they meet", [SPLIT, UNLOCKED], 0),
    ("read again", [DECIDED, WHOLE], 0),
    ("nothing split", [WHOLE, BLIND], 0),
    ("one trace, which does it twice", [f"{SPLIT}, {SPLIT}"], 0),
    ("four, each with each", [SPLIT, SPLIT, WHOLE, BLIND], 5),
]


@pytest.mark.parametrize(("name", "programs", "pairs"), CASES, ids=[case[0] for case in CASES])
def test_cases_an_hour_apart(name: str, programs: Sequence[str], pairs: int) -> None:
    found = find_never_met(told(programs))
    assert sum(finding.pairs for finding in found) == pairs, name
    for finding in found:
        assert (finding.kind, finding.verdict) == (FindingKind.LOST_UPDATE, Verdict.POSSIBLE)
        assert finding.across_traces
        assert finding.is_hidden


def test_the_fingerprint_is_that_of_two_in_one_minute() -> None:
    (never_met,) = find_never_met(told([SPLIT, WHOLE]))
    near = told([SPLIT, WHOLE], apart_ms=100.0)
    (met,) = find_across_traces(near[0][1].first_ns // SPAN_NS, near)
    assert never_met.fingerprint == met.fingerprint
    assert never_met.summary == met.summary


def test_what_touches_one_span_is_left_to_it() -> None:
    assert find_never_met(told([SPLIT, SPLIT, WHOLE], apart_ms=100.0)) == []


def test_a_window_that_reaches_into_a_span_touches_it() -> None:
    windows = windows_of([_for_minutes("t0", 3), request("t1", WHOLE, at=60_000.0)])
    assert find_never_met(windows) == []
    (finding,) = find_across_traces(windows[1][1].first_ns // SPAN_NS, windows)
    assert finding.pairs == 1
    (finding,) = find_never_met([*windows, *windows_of([request("t2", WHOLE, at=HOUR_MS)])])
    assert finding.trace_ids == ("t0", "t2")


def _for_minutes(name: str, minutes: int) -> Story:
    story = request(name, "acquire L, read, release L")
    later = request(name, "acquire L, write, release L", at=minutes * 60_000.0)
    moved = [msgspec.structs.replace(one, id=EventId(f"later {one.id}")) for one in later.events]
    story.events += moved
    return story


def test_a_class_shows_its_earliest_and_its_latest() -> None:
    windows = told([SPLIT] * 9)
    assert sorted(exemplars_of(dict(windows))) == ["t0", "t1", "t2", "t3", "t8"]
    (finding,) = find_never_met(windows)
    assert finding.pairs == 10
    assert finding.last_ns == max(window.last_ns for _, window in windows)
    assert exemplars_of(dict(told([WHOLE] * 9))) == {}


def test_of_equal_begins_the_smaller_trace_is_shown() -> None:
    windows = windows_of([request(f"t{n}", SPLIT) for n in (5, 3, 1, 2, 4, 6)])
    assert sorted(exemplars_of(dict(windows))) == ["t1", "t2", "t3", "t4", "t6"]


def test_classes_that_may_lose_something_are_kept_first() -> None:
    (_, split), (_, whole) = told([SPLIT, WHOLE])
    keys = [DeedKey(b"\x01" + number.to_bytes(2, "big")) for number in range(MOST_CLASSES)]
    windows = {TraceId(f"t{n:03}"): _with(whole, key) for n, key in enumerate(keys)}
    found = exemplars_of({**windows, TraceId("z"): split})
    assert len(found) == MOST_CLASSES
    assert "z" in found
    assert f"t{MOST_CLASSES - 1:03}" not in found


def _with(window: Window, key: DeedKey) -> Window:
    return Window(window.variable, window.scope, window.first_ns, window.last_ns, window.body, deeds=key)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_windows_and_doubles_mean_nothing(seed: int) -> None:
    windows = told([SPLIT, WHOLE, BLIND, GATED.format(SPLIT), SPLIT, SPLIT, SPLIT, SPLIT, WHOLE])
    shuffled = windows * 2
    Random(seed).shuffle(shuffled)  # noqa: S311 -- no secret, the same order each time
    assert find_never_met(shuffled) == find_never_met(windows)
    kept = list(exemplars_of(dict(windows)).items())
    assert find_never_met(kept) == find_never_met(windows)


@st.composite
def ages(draw: st.DrawFn) -> list[Story]:
    """Draw requests that touch one variable in all sorts of ways over a day, few kinds many times."""
    words = st.sampled_from(["acquire L", "release L", "acquire M", "release M", "read", "write", "read"])
    odd = st.lists(words, min_size=2, max_size=9).map(", ".join)
    usual = st.sampled_from([SPLIT, SPLIT, WHOLE, BLIND, DECIDED, GATED.format(SPLIT), GATED.format(WHOLE)])
    kinds = draw(st.lists(st.one_of(usual, usual, odd), min_size=1, max_size=3))
    stories = []
    for number in range(draw(st.integers(2, 9))):
        at = draw(st.sampled_from([0.0, 0.0, 40_000.0, 59_995.0, HOUR_MS, 5 * HOUR_MS]))
        stories.append(request(f"t{number}", draw(st.sampled_from(kinds)), at=at + number))
    return stories


@given(ages())
@examples(150)
def test_every_pair_of_exemplars_is_counted_once(stories: list[Story]) -> None:
    windows = dict(windows_of(stories))
    kept = exemplars_of(windows)
    losses = [(first[0], second[0]) for first, second in Deeds(stories).losses()]
    in_spans = sum(_of_span(windows, span) for span in _spans(windows))
    assert in_spans == sum(_meet(windows, *pair) for pair in losses)
    apart = sum(finding.pairs for finding in find_never_met(windows.items()))
    expected = [pair for pair in losses if not _meet(windows, *pair) and set(pair) <= kept.keys()]
    event(f"apart: {min(len(expected), 3)}, left out: {len(losses) > in_spans + len(expected)}")
    assert apart == len(expected)


@given(ages())
@examples(150)
def test_no_fault_is_missed(stories: list[Story]) -> None:
    windows = dict(windows_of(stories))
    if not windows:
        return
    found = {name for span in _spans(windows) for name in _names(_touching(windows, span), _in_span)}
    found |= _names(exemplars_of(windows), Apart)
    assert found == _names(windows, _in_span)


@given(ages())
@examples(100)
def test_windows_of_one_key_do_the_same(stories: list[Story]) -> None:
    windows = dict(windows_of(stories))
    deeds = {trace_id: _deeds({trace_id: window}) for trace_id, window in windows.items()}
    for trace_id, window in windows.items():
        assert (window.deeds == NO_DEEDS) == (not deeds[trace_id])
        assert is_split(window.deeds) == any(updates for updates, _ in deeds[trace_id])
    for first, second in combinations(windows, 2):
        assert (windows[first].deeds == windows[second].deeds) == (deeds[first] == deeds[second])


def _in_span(run: RunAccesses) -> Pairing:
    return InSpan()


def _deeds(windows: Mapping[TraceId, Window]) -> set[Deed]:
    return {doer.deed for doer in doers_of(RunAccesses(windows, windows.keys()))}


def _names(windows: Mapping[TraceId, Window], pairing: Callable[[RunAccesses], Pairing]) -> set[str]:
    """Return the fingerprints of what is predicted among windows, all of which are new."""
    if not windows:
        return set()
    run = RunAccesses(windows, windows.keys())
    found = predict_across(run, Variable("x", "global"), pairing(run))
    return {fingerprint_of("x", *tally.sides) for tally in found.tallies}


def _of_span(windows: Mapping[TraceId, Window], span: int) -> int:
    new = {trace_id for trace_id, window in windows.items() if window.first_ns // SPAN_NS == span}
    return counted(_touching(windows, span), new)


def _touching(windows: Mapping[TraceId, Window], span: int) -> dict[TraceId, Window]:
    return {trace_id: window for trace_id, window in windows.items() if span in spans_of(window)}


def _spans(windows: Mapping[TraceId, Window]) -> Iterable[int]:
    return {span for window in windows.values() for span in spans_of(window)}


def _meet(windows: Mapping[TraceId, Window], first: TraceId, second: TraceId) -> bool:
    mine, theirs = (set(spans_of(windows[trace_id])) for trace_id in (first, second))
    return bool(mine & theirs)
