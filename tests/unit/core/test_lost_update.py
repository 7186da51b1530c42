"""Lost updates: played histories, whose truth is known, and the definition on arbitrary ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.core.history import (
    ONE,
    TWO,
    UNNAMED,
    Step,
    access,
    by_trace,
    damaged_histories,
    interleavings,
    played,
)

from raceway_core.access import Access, TransactionKey, Variable, transaction_key
from raceway_core.across.accesses import program_order
from raceway_core.event import AccessType
from raceway_core.identity import Process
from raceway_core.lost_update import find_lost_updates
from raceway_core.value import UNKNOWN
from raceway_core.write_order import Rule, Update

READ, WRITE, RMW = AccessType.READ, AccessType.WRITE, AccessType.ATOMIC_RMW

Pairs = set[frozenset[TransactionKey]]


def found_pairs(accesses: Sequence[Access]) -> Pairs:
    return {frozenset(found.transactions) for found in find_lost_updates(accesses, program_order)}


def updates_in(accesses: Sequence[Access]) -> list[Update]:
    """Pair each plain write with the last read before it in its transaction."""
    return [
        Update(reads[-1], write)
        for place, write in enumerate(accesses)
        if write.access_type is WRITE
        and (
            reads := [
                before
                for before in accesses[:place]
                if before.access_type.reads and transaction_key(before) == transaction_key(write)
            ]
        )
    ]


def lost_in_truth(in_true_order: Sequence[Access]) -> Pairs:
    """Return who overwrote whose write unseen, given the order in which it all happened."""
    place = {one.event_id: number for number, one in enumerate(in_true_order)}
    return {
        frozenset((transaction_key(update.write), transaction_key(lost)))
        for update in updates_in(in_true_order)
        for lost in in_true_order
        if lost.access_type.writes
        and transaction_key(lost) != transaction_key(update.write)
        and place[update.read.event_id] < place[lost.event_id] < place[update.write.event_id]
    }


@given(interleavings(), st.sampled_from([True, False]))
def test_what_was_played_is_found_and_nothing_else(steps: list[Step], with_versions: bool) -> None:
    accesses = played(steps, with_versions=with_versions)
    assert found_pairs(by_trace(accesses)) == lost_in_truth(accesses)


@given(interleavings(), st.randoms(use_true_random=False))
def test_stamps_that_lie_do_not_matter_where_versions_speak(
    steps: list[Step], randomness: random.Random
) -> None:
    accesses = played(steps, with_versions=True)
    stamps = randomness.sample(range(1000), len(accesses))
    lying = [replace(one, start_ns=stamp, end_ns=stamp) for one, stamp in zip(accesses, stamps, strict=True)]
    assert found_pairs(by_trace(lying)) == lost_in_truth(accesses)


@given(interleavings(most_values=1000))
def test_processes_that_share_a_value_prove_nothing_that_was_not_lost(steps: list[Step]) -> None:
    played_by_two = [
        replace(
            one,
            process=(ONE, TWO)[int(one.trace_id[1:]) % 2],
            variable=Variable("balance", "service:bank"),
            is_scope_declared=True,
            start_ns=one.start_ns * 3_000_000,
            end_ns=one.end_ns * 3_000_000,
        )
        for one in played(steps, with_versions=False)
    ]
    assert found_pairs(by_trace(played_by_two)) <= lost_in_truth(played_by_two)


# The definition, as slowly as it reads.


def one_history(first: Access, second: Access) -> bool:
    declared = {
        one.is_scope_declared and one.variable.scope_key.startswith("service:") for one in (first, second)
    }
    if declared == {True}:
        return True
    return declared == {False} and first.process == second.process and first.process.is_known


def by_versions(update: Update, lost: Access) -> bool:
    seen, made = update.read.version, update.write.version
    if seen is None or made is None or lost.version is None:
        return False
    return one_history(update.write, lost) and seen < lost.version < made


def clock_of(accesses: Sequence[Access]) -> list[Access] | None:
    """Return the accesses by time if every read confirms it, trying no order but that of the stamps."""
    if {one.process for one in accesses} != {ONE} and {one.process for one in accesses} != {TWO}:
        return None
    for first, second in combinations(accesses, 2):
        conflict = first.access_type.writes or second.access_type.writes
        if first.start_ns == second.start_ns and conflict and not program_order(first, second):
            return None
    clock = sorted(accesses, key=lambda one: one.start_ns)
    initial = {one.read for one in reads_before_writes(clock)}
    if len(initial) > 1:
        return None
    value = initial.pop() if initial else None
    for one in clock:
        if one.access_type.reads and (one.read == UNKNOWN or (value is not None and one.read != value)):
            return None
        value = one.written if one.access_type.writes else value
    return clock


def reads_before_writes(clock: Sequence[Access]) -> Iterator[Access]:
    for one in clock:
        if one.access_type.reads:
            yield one
        if one.access_type.writes:
            return


def before(first: Access, second: Access) -> bool:
    """C, as far as a transaction tells it, or one host's clock by more than its uncertainty."""
    if program_order(first, second):
        return True
    slack = 0 if first.process == second.process and first.process.is_known else 1_000_000
    return bool(first.host) and first.host == second.host and first.end_ns + slack < second.start_ns


def by_unique_writer(first: Update, second: Update, accesses: Sequence[Access]) -> bool:
    reads = (first.read, second.read)
    writes = [one for one in accesses if one.access_type.writes]
    eligible = all(
        read.is_scope_declared and read.variable.scope_key.startswith("service:") and read.process.is_known
        for read in reads
    )
    value = first.read.read
    if (
        not eligible
        or value in {UNKNOWN}
        or second.read.read != value
        or any(w.written == UNKNOWN for w in writes)
    ):
        return False
    writers = [write for write in writes if write.written == value]
    return (
        first.write.process != second.write.process
        and len(writers) == 1
        and all(before(writers[0], read) for read in reads)
        and not any(
            before(writers[0], write) and before(write, read)
            for write in writes
            for read in reads
            if write.written != value
        )
    )


def is_lost(update: Update, lost: Access, clock: list[Access] | None) -> bool:
    if update.read.version is not None and lost.version is not None:
        return by_versions(update, lost)
    return clock is not None and (clock.index(update.read) < clock.index(lost) < clock.index(update.write))


def is_lost_between(first: Update, second: Update, accesses: Sequence[Access]) -> bool:
    if first.read.version is None or second.read.version is None:
        return by_unique_writer(first, second, accesses)
    return first.read.version == second.read.version and one_history(first.write, second.write)


def lost_by_definition(accesses: Sequence[Access]) -> Pairs:
    clock = clock_of(accesses)
    updates = updates_in(accesses)
    writes = [one for one in accesses if one.access_type.writes]
    found = [(update.write, lost) for update in updates for lost in writes if is_lost(update, lost, clock)]
    found += [
        (first.write, second.write)
        for first, second in combinations(updates, 2)
        if is_lost_between(first, second, accesses)
    ]
    pairs = {frozenset(map(transaction_key, pair)) for pair in found}
    return {pair for pair in pairs if len(pair) == 2}


@given(damaged_histories())
def test_finds_what_the_definition_says(accesses: list[Access]) -> None:
    assert found_pairs(accesses) == lost_by_definition(accesses)


@given(damaged_histories(), st.randoms(use_true_random=False))
def test_the_order_of_traces_does_not_matter(accesses: list[Access], randomness: random.Random) -> None:
    traces = sorted({one.trace_id for one in accesses})
    randomness.shuffle(traces)
    shuffled = sorted(accesses, key=lambda one: traces.index(one.trace_id))
    assert find_lost_updates(shuffled, program_order) == find_lost_updates(accesses, program_order)


def test_tells_which_update_lost_which_write_by_what() -> None:
    accesses = [
        access(READ, "t1", 1, "100", version=0),
        access(WRITE, "t1", 3, "90", version=1),
        access(READ, "t2", 2, "100", version=0),
        access(WRITE, "t2", 4, "90", version=2),
    ]
    (found,) = find_lost_updates(accesses, program_order)
    assert found.rule is Rule.VERSIONS
    assert found.update == Update(accesses[2], accesses[3])
    assert found.lost == accesses[1]
    assert found.witness == (accesses[0], accesses[2])


@pytest.mark.parametrize("process", [ONE, UNNAMED])
def test_counters_of_processes_that_cannot_be_told_apart_are_not_compared(process: Process) -> None:
    accesses = [
        access(kind, trace, at, "7", version=version, process=process)
        for trace, at in (("t1", 0), ("t2", 10))
        for kind, at, version in ((READ, at, 0), (WRITE, at + 1, 1))
    ]
    assert bool(find_lost_updates(accesses, program_order)) is process.is_known


def test_an_atomic_update_is_lost_but_loses_nothing() -> None:
    accesses = [
        access(READ, "t1", 1, "0", version=0),
        access(RMW, "t2", 2, "1", version=1),
        access(RMW, "t3", 3, "2", version=2),
        access(WRITE, "t1", 4, "1", version=3),
    ]
    assert {found.lost.trace_id for found in find_lost_updates(accesses, program_order)} == {"t2", "t3"}
    assert find_lost_updates(accesses[1:], program_order) == []


def test_ten_thousand_updates_one_after_the_other_cost_little() -> None:
    steps = [(f"t{turn}", turn) for turn in range(10_000)]
    steps.reverse()
    accesses = [
        access(kind, trace, 2 * turn + made, str(turn + made), version=turn + made)
        for trace, turn in steps
        for kind, made in ((READ, 0), (WRITE, 1))
    ]
    assert find_lost_updates(accesses, program_order) == []
