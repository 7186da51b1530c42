"""Races in one trace: the named cases, and what a pair's verdict rests on."""

from __future__ import annotations

import pytest
from tests.unit.core.build import Said, Story

from raceway_core.analysis import analyze_trace
from raceway_core.event import AccessType, HeldLock, LockMode, Scope
from raceway_core.finding import FindingKind, PairCounts, Severity, Verdict
from raceway_core.result import TraceResult

SHARED = LockMode.SHARED


def analyze(story: Story) -> TraceResult:
    return analyze_trace(story.trace_id, story.events)


def pairs_of(story: Story, variable: str = "balance") -> PairCounts:
    counts = [one.pairs for one in analyze(story).variables if one.variable == variable]
    return sum(counts, PairCounts())


def worked_example(*, locks: tuple[str | HeldLock, ...] = ()) -> Story:
    story = Story()
    root = story.call("handler", on="thread-main")
    for thread, old in (("worker-1", 10), ("worker-2", 15)):
        story.write("balance", old + 5, old, on=thread, parent=root, locks=locks)
    story.call("end", on="thread-main", parent=root)
    return story


def two_writers(*, mode: LockMode, overtaking: bool = False) -> Story:
    """Two threads write with lock events around; `overtaking` records both acquires first."""
    story = Story()
    root = story.call("handler", on="main")
    threads = [Said(on=thread, parent=root) for thread in ("w1", "w2")]

    def acquire(said: Said) -> None:
        story.acquire("l", **(said | Said(mode=mode)))

    def write_and_release(said: Said) -> None:
        story.write("balance", 1, **said)
        story.release("l", **(said | Said(mode=mode)))

    if overtaking:
        plan = [(step, said) for step in (acquire, write_and_release) for said in threads]
    else:
        plan = [(step, said) for said in threads for step in (acquire, write_and_release)]
    for step, said in plan:
        step(said)
    return story


def test_two_writes_on_two_threads_under_one_parent_event_flat() -> None:
    result = analyze(worked_example())
    assert result.race_pairs == len(result.races) == len(result.findings) == 1
    (finding,) = result.findings
    assert finding.severity is Severity.CRITICAL
    assert finding.pairs == 1
    assert [finding.examples[0].first.new_value, finding.examples[0].second.new_value] == [15, 20]


def test_two_writes_on_two_threads_under_one_parent_event_with_lock_events() -> None:
    story = Story()
    root = story.call("handler", on="main")
    for thread in ("w1", "w2"):
        story.acquire(f"lock of {thread}", on=thread, parent=root)
        story.write("balance", 1, on=thread, parent=root)
        story.release(f"lock of {thread}", on=thread, parent=root)
    assert analyze(story).race_pairs == 1


@pytest.mark.parametrize("overtaking", [False, True])
def test_under_one_exclusive_lock_0(overtaking: bool) -> None:
    result = analyze(two_writers(mode=LockMode.EXCLUSIVE, overtaking=overtaking))
    assert result.race_pairs == 0
    assert not result.findings
    assert result.variables[0].pairs == PairCounts(guarded=1)


def test_under_one_exclusive_lock_that_was_sent_with_the_accesses_0() -> None:
    assert analyze(worked_example(locks=("l",))).race_pairs == 0


@pytest.mark.parametrize("overtaking", [False, True])
def test_under_one_shared_lock_1(overtaking: bool) -> None:
    assert analyze(two_writers(mode=SHARED, overtaking=overtaking)).race_pairs == 1


def test_under_one_shared_lock_that_was_sent_with_the_accesses_1() -> None:
    assert analyze(worked_example(locks=(HeldLock("l", SHARED),))).race_pairs == 1


@pytest.mark.parametrize("nested", [False, True])
def test_one_handler_one_thread_read_then_write_both_under_one_function_call(nested: bool) -> None:
    story = Story(on="worker")
    outer = story.call("handler", lasts_ms=10)
    inner = story.call("wrapped", parent=outer, lasts_ms=5) if nested else outer
    story.read("balance", 10, parent=inner)
    story.write("balance", 5, parent=outer)
    assert analyze(story).race_pairs == 0
    assert pairs_of(story) == PairCounts()


def test_two_wrapped_calls_in_sequence_each_starting_and_finishing_a_thread_no_await_event() -> None:
    story = Story()
    root = story.call("handler", on="main", at=0)
    for number, begin in enumerate((10, 30)):
        # An event with a duration is recorded at its end.
        call = story.call("wrapped", on="main", parent=root, at=begin + 10, lasts_ms=10)
        story.write("balance", number, on=f"thread-{number}", parent=call, at=begin + 5)
    assert analyze(story).race_pairs == 0


def test_two_services_each_with_its_own_watched_balance_are_never_compared() -> None:
    story = Story(scope=Scope.PROCESS)
    root = story.call("gateway", service="gateway")
    for service in ("bank", "shop"):
        story.write("balance", 1, service=service, on=service, parent=root)
    result = analyze(story)
    assert result.race_pairs == 0
    assert len(result.variables) == 2


def test_two_services_write_one_undeclared_variable_concurrently_in_one_trace() -> None:
    story = Story()
    root = story.call("gateway", service="gateway")
    for service in ("bank", "shop"):
        story.write("balance", 1, service=service, on=service, parent=root)
    (finding,) = analyze(story).findings
    assert finding.verdict is Verdict.POSSIBLE
    assert finding.services == ("bank", "shop")


def test_two_workers_one_database_balance_a_threading_lock_in_each_locks_declared_process() -> None:
    story = Story(service="bank", host="h1")
    root = story.call("gateway", service="gateway")
    for instance, begin in (("i1", 10.0), ("i2", 12.0)):
        said = Said(instance=instance, on="worker", parent=root, scope=None)
        locked = said | Said(scope=Scope.PROCESS)
        story.acquire("l", **(locked | Said(at=begin)))
        story.read("balance", 10, **(said | Said(at=begin + 1)))
        story.write("balance", 5, **(said | Said(at=begin + 9)))
        story.release("l", **(locked | Said(at=begin + 10)))
    assert pairs_of(story) == PairCounts(observed=3)


def test_an_unlocked_reader_while_a_locked_transfer_runs_is_an_observed_warning() -> None:
    story = Story()
    root = story.call("handler", on="main", at=0)
    story.acquire("l", on="transfer", parent=root, at=1)
    story.read("balance", 10, on="transfer", parent=root, at=2, place="bank.py:1 transfer")
    story.write("balance", 5, on="transfer", parent=root, at=8, place="bank.py:2 transfer")
    story.release("l", on="transfer", parent=root, at=9)
    story.read("balance", 10, on="report", parent=root, at=4, lasts_ms=1, place="bank.py:9 report")
    (finding,) = analyze(story).findings
    assert finding.verdict is Verdict.OBSERVED
    assert finding.severity is Severity.WARNING
    assert finding.fix == "Hold lock l, which guards the other accesses of balance, across bank.py:1–9."


def test_a_lock_that_is_released_before_the_other_takes_it_makes_a_race_order_dependent() -> None:
    story = Story()
    root = story.call("handler", on="main")
    story.write("balance", 1, on="w1", parent=root)
    story.acquire("l", on="w1", parent=root)
    story.release("l", on="w1", parent=root)
    story.acquire("l", on="w2", parent=root)
    story.release("l", on="w2", parent=root)
    story.write("balance", 2, on="w2", parent=root)
    assert pairs_of(story) == PairCounts(order_dependent=1)


def test_two_single_point_accesses_are_never_observed() -> None:
    assert pairs_of(worked_example()) == PairCounts(possible=1)


@pytest.mark.parametrize(
    ("other", "verdict"),
    [
        (Said(instance="i1", host="h1"), Verdict.OBSERVED),
        (Said(instance="i2", host="h1"), Verdict.OBSERVED),
        (Said(instance="i2", host="h2"), Verdict.POSSIBLE),
        (Said(instance="i2", host=None), Verdict.POSSIBLE),
        (Said(instance="i2", host="h1", at=14.5), Verdict.POSSIBLE),  # within the clocks' uncertainty
    ],
)
def test_observed_rests_on_clocks_that_can_be_compared(other: Said, verdict: Verdict) -> None:
    story = Story()
    root = story.call("gateway", service="gateway", at=0)
    story.write("balance", 1, on="w1", parent=root, at=11, lasts_ms=10, instance="i1", host="h1")
    story.write("balance", 2, **(Said(on="w2", parent=root, at=8, lasts_ms=4) | other))
    assert analyze(story).findings[0].verdict is verdict


@pytest.mark.parametrize(
    ("first", "second", "racing"),
    [
        (AccessType.READ, AccessType.READ, 0),
        (AccessType.READ, AccessType.WRITE, 1),
        (AccessType.ATOMIC_READ, AccessType.WRITE, 1),
        (AccessType.ATOMIC_RMW, AccessType.ATOMIC_WRITE, 0),
        (AccessType.ATOMIC_RMW, AccessType.READ, 1),
    ],
)
def test_accesses_conflict_if_one_writes_and_one_is_not_atomic(
    first: AccessType, second: AccessType, racing: int
) -> None:
    story = Story()
    root = story.call()
    story.access(first, "balance", on="w1", parent=root)
    story.access(second, "balance", on="w2", parent=root)
    assert analyze(story).race_pairs == racing


@pytest.mark.parametrize("requests", [2, 16])
def test_all_conflicting_pairs_of_transactions_that_lost_an_update_are_proven(requests: int) -> None:
    story = Story()
    threads = [f"w{number}" for number in range(requests)]
    for thread in threads:
        story.read("balance", 100, on=thread, version=1, parent=story.http(on=thread), place="bank.py:1 f")
    for version, thread in enumerate(threads, start=2):
        story.write("balance", 90, on=thread, version=version, place="bank.py:2 f")
    two = requests * (requests - 1) // 2
    (finding,) = analyze(story).findings
    assert (finding.kind, finding.pairs) == (FindingKind.LOST_UPDATE, two)
    assert pairs_of(story) == PairCounts(proven=3 * two)
    assert analyze(story).race_pairs == len(analyze(story).races) == 3 * two


def test_every_pair_of_a_small_trace_is_listed() -> None:
    story = Story()
    root = story.call()
    for number in range(20):
        story.write("balance", number, on=f"w{number}", parent=root, place=f"bank.py:{number % 3} f")
    result = analyze(story)
    assert result.race_pairs == len(result.races) == 190
    assert sum(finding.pairs for finding in result.findings) == 190
    assert sum(row.pairs for row in result.variables[0].locations) == 190
    assert all(row.first <= row.second for row in result.variables[0].locations)


def test_one_request_over_several_threads_with_one_line_of_parents() -> None:
    story = Story()
    last = story.http(on="pool-1")
    for number, thread in enumerate(("pool-1", "pool-2", "pool-3")):
        last = story.read("balance", number, on=thread, parent=last)
        last = story.write("balance", number + 1, on=thread, parent=last)
    result = analyze(story)
    assert result.race_pairs == 0
    assert not result.findings
