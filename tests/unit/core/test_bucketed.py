"""Judging by buckets: the same as in one pass where calls are few, by sums where they are many."""

from __future__ import annotations

from math import exp
from random import Random
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.tally import Tally
from tests.unit.core.test_anomaly import PLAIN, calls, measured, nested

from raceway_core.anomaly import AnomalyKind, find_anomalies
from raceway_core.bucketed.bucket import BUCKET_NS, Bucket, call_entry
from raceway_core.bucketed.history import History, anchor_of, histories
from raceway_core.bucketed.look import Closeness, look_at
from raceway_core.bucketed.verdict import verdicts_of
from raceway_core.event import EventId, TraceId
from raceway_core.measured import Measurement, Operation, TraceMeasurements

MS = 1_000_000
HALF_DAY = 72
START = 1000 * HALF_DAY

NAMED = {
    "one": [10.0] * 20 + [100] + [10] * 20,
    "shift": [10.0] * 100 + [100] * 50,
    "early shift": [10.0] * 20 + [100] * 50,
    "some": [10.0] * 100 + [100, 10, 10] * 20,
    "after a shift": [10.0] * 50 + [100] * 50 + [1000] + [100] * 5,
    "too few": [10.0] * 18 + [1000],
}


def taken(name: str, number: int, end_ns: int, took_ms: float, status: str = "") -> TraceMeasurements:
    """Return a trace with one call."""
    duration_ns = int(took_ms * MS)
    one = Measurement(
        operation=Operation("bank", name, "FunctionCall", status),
        event_id=EventId("e"),
        inside=-1,
        begin_ns=end_ns - duration_ns,
        end_ns=end_ns,
        duration_ns=duration_ns,
        critical_ns=duration_ns,
        host="h",
        delays=True,
    )
    return TraceMeasurements(TraceId(f"t{number:06}"), [one])


def evenly(
    durations_ms: list[float], bucket: int, *, first: int = 0, failed: int = 0
) -> list[TraceMeasurements]:
    """Return calls that ended evenly over one bucket, the last `failed` with an error."""
    count = len(durations_ms)
    return [
        taken(
            "pay",
            first + number,
            bucket * BUCKET_NS + number * BUCKET_NS // count,
            took_ms,
            "error" if number >= count - failed else "",
        )
        for number, took_ms in enumerate(durations_ms)
    ]


def look_of(tally: Tally, number: int) -> Closeness:
    [history] = histories(tally.buckets).values()
    return look_at(history, number).closeness


@pytest.mark.parametrize("every_ms", [1, 100, 5_000, 60_000, 200_000])
@pytest.mark.parametrize("name", NAMED)
def test_few_calls_are_judged_as_in_one_pass(name: str, every_ms: float) -> None:
    traces = measured(calls(NAMED[name], every_ms=every_ms))
    assert Tally(traces).anomalies() == list(find_anomalies(traces, PLAIN).found)


def test_what_a_child_explains_is_not_told() -> None:
    traces = measured([nested(n, 40, 20) for n in range(30)] + [nested(30, 140, 120)])
    [anomaly] = Tally(traces).anomalies()
    assert (anomaly.operation.name, anomaly.trace_id) == ("pay", "t0030")
    assert [anomaly] == list(find_anomalies(traces, PLAIN).found)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from([5.0, 10, 10, 11, 90, 300])), max_size=120),
    st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_matters(drawn: list[tuple[int, float]], random: Random) -> None:
    traces = [
        taken("pay", number, (START + bucket) * BUCKET_NS + number, took_ms)
        for number, (bucket, took_ms) in enumerate(drawn)
    ]
    expected = Tally(traces)
    tally = Tally(random.sample(traces, len(traces)) + random.sample(traces, len(traces) // 2))
    random.shuffle(tally.calls)
    random.shuffle(tally.buckets)
    assert sorted(tally.buckets, key=_place) == sorted(expected.buckets, key=_place)
    assert tally.anomalies() == expected.anomalies()


def _place(bucket: Bucket) -> tuple[Operation, int]:
    return bucket.operation, bucket.number


@pytest.mark.parametrize("sigma", [0.05, 0.3, 0.6])
def test_a_known_distribution_is_cut_where_its_quantile_is(sigma: float) -> None:
    """Durations at the quantiles of a log-normal: anomalous are those past the score's 2.5 sigma."""
    size = 5_000
    quantiles = [NormalDist().inv_cdf((number + 0.5) / size) for number in range(size)]
    before = evenly([50 * exp(sigma * z) for z in quantiles], START)
    after = [50 * exp(sigma * z) for z in (-3.0, 0, 2.2, 2.45, 2.6, 3)]
    tally = Tally(before + evenly(after, START + 1, first=size))
    slow = [after[int(each.trace_id[1:]) - size] for each in tally.anomalies() if each.trace_id >= "t005000"]
    assert sorted(slow) == [took for took in after if took > 50 * exp(2.5 * max(sigma, 0.05)) and took > 75]


def test_a_bucket_of_many_calls_is_judged_by_its_sums() -> None:
    tally = Tally(evenly([10.0] * 3_000 + [100, 120] + [10] * 1_000, START))
    assert look_of(tally, START) is Closeness.SUMS
    slow = tally.anomalies()
    assert [(each.actual, each.kind) for each in slow] == [
        (120 * MS, AnomalyKind.LATENCY),
        (100 * MS, AnomalyKind.LATENCY),
    ]


def test_many_slow_calls_among_many_are_told_as_one() -> None:
    tally = Tally(evenly([10.0] * 3_000 + [100 + n for n in range(50)], START))
    [anomaly] = tally.anomalies()
    assert (anomaly.kind, anomaly.count, anomaly.actual) == (AnomalyKind.LATENCY, 50, 149 * MS)


def test_one_that_is_asked_about_is_told_among_many() -> None:
    tally = Tally(evenly([10.0] * 3_000 + [100 + n for n in range(50)], START))
    [history] = histories(tally.buckets).values()
    look = look_at(history, START)
    own = [call for call in tally.calls if call.trace_id == "t003007"]
    [verdict] = verdicts_of([look], [tally.answer(query) for query in look.queries], own)
    assert list(verdict.judged) == [("t003007", 0)]


def test_a_new_level_of_many_calls_is_one_regression() -> None:
    traces = evenly([10.0] * 2_000, START) + evenly([60.0] * 2_000, START + 1, first=2_000)
    traces += evenly([60.0] * 2_000, START + 2, first=4_000)
    [anomaly] = Tally(traces).anomalies()
    assert (anomaly.kind, anomaly.count) == (AnomalyKind.REGRESSION, 2_000)
    assert anomaly.actual == pytest.approx(60 * MS, rel=0.01)
    assert anomaly.expected == pytest.approx(10 * MS, rel=0.01)


def test_failures_of_many_calls_are_told() -> None:
    traces = evenly([10.0] * 2_000, START, failed=20)
    traces += evenly([10.0] * 2_000, START + 1, first=2_000, failed=200)
    [anomaly] = Tally(traces).anomalies()
    assert (anomaly.kind, anomaly.count) == (AnomalyKind.ERRORS, 200)
    assert (anomaly.actual, anomaly.expected) == (0.1, 0.01)


def test_nothing_is_read_of_a_known_operation_that_does_as_always() -> None:
    tally = Tally(evenly([10.0, 11, 12, 9] * 100, START) + evenly([10.0, 12] * 50, START + 1, first=400))
    assert look_of(tally, START + 1) is Closeness.NOTHING


def test_a_level_of_few_calls_a_bucket_shifts_when_there_are_enough() -> None:
    """Four buckets of five calls are learnt together; the first all of the new level begin afresh."""
    traces = [
        trace
        for bucket in range(20)
        for trace in evenly([10.0 if bucket < 10 else 90.0] * 5, START + bucket, first=5 * bucket)
    ]
    [history] = histories(Tally(traces).buckets).values()
    totals = [
        history.before(START + bucket).sketch(Operation("bank", "pay", "FunctionCall", "")).total
        for bucket in range(20)
    ]
    assert totals == [5 * bucket for bucket in range(16)] + [20, 25, 30, 35]


@given(st.integers(-(10**6), 10**6))
def test_what_is_known_reaches_back_to_the_previous_half_day(number: int) -> None:
    assert HALF_DAY <= number - anchor_of(number) < 2 * HALF_DAY
    assert anchor_of(number) % HALF_DAY == 0


def test_older_buckets_are_forgotten() -> None:
    old, recent = evenly([10.0] * 30, START - HALF_DAY - 1), evenly([10.0] * 7, START - HALF_DAY, first=30)
    now = evenly([10.0], START, first=50)
    [history] = histories(Tally(old + recent + now).buckets).values()
    assert history.before(START).calls == 7


def test_numbers_that_no_store_could_add_up_are_cut() -> None:
    [_, [one]] = taken("pay", 1, 0, 1)
    huge = Measurement(
        operation=one.operation,
        event_id=one.event_id,
        inside=-1,
        begin_ns=0,
        end_ns=5,
        duration_ns=2**70,
        critical_ns=2**70,
        host="",
        delays=True,
    )
    assert call_entry(huge).duration_ns == 2**63 - 1
    assert call_entry(huge).critical_us == 2**36


@given(
    st.lists(
        st.tuples(
            st.integers(START - 3, START + 2 * HALF_DAY + 3),
            st.sampled_from(["", "error"]),
            st.dictionaries(st.integers(700, 720), st.integers(1, 30), max_size=3),
        ),
        max_size=40,
    ),
    st.lists(st.integers(START, START + 2 * HALF_DAY + 20), min_size=1, max_size=4),
    st.booleans(),
)
def test_a_history_that_is_kept_in_step_is_as_a_new_one(
    put: list[tuple[int, str, dict[int, int]]], asked: list[int], settles: bool
) -> None:
    kept = History([])
    current: dict[tuple[int, str], Bucket] = {}
    for number, status, counts in put:
        current[number, status] = bucket = Bucket(Operation("bank", "pay", "", status), number, counts)
        kept.put(bucket)
        if settles:
            kept.settle()
        fresh = History(each for each in current.values() if each.counts)
        assert list(kept.numbers) == list(fresh.numbers)
        for each in (*asked, number, number + 1):
            assert _said_before(kept, each) == _said_before(fresh, each)


def _said_before(history: History, number: int) -> object:
    known = history.before(number)
    sketches = {operation: (sketch.counts, sketch.total) for operation, sketch in known.sketches.items()}
    return sketches, known.calls, known.errors


def test_a_history_forgets_what_is_dropped() -> None:
    numbers = [START, START + 1, START + 5, START + HALF_DAY + 1]
    buckets = [Bucket(Operation("bank", "pay", "", ""), number, {700: 30}) for number in numbers]
    kept, fresh = History(buckets), History(buckets[1:])
    kept.drop(before=START + 1)
    assert (list(kept.numbers), list(kept.buckets())) == (numbers[1:], buckets[1:])
    assert kept.within(START, START + 5) == numbers[1:3]
    assert _said_before(kept, START + HALF_DAY + 1) == _said_before(fresh, START + HALF_DAY + 1)


def test_a_history_of_nothing_is_empty() -> None:
    history = History([])
    assert (history.numbers, history.at(5), history.size(5)) == ([], (), 0)
