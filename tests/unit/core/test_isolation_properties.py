"""Isolation against the slow definitions on random histories, and under renaming and reordering."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.isolation_history import (
    clean_registers,
    facts_of,
    is_serializable,
    levels_allowed,
    serial,
    wild,
)

from raceway_core.isolation.check import check
from raceway_core.isolation.effort import Limits
from raceway_core.isolation.history import Anomaly, History, Operation, Transaction
from raceway_core.isolation.level import Level

LEVELS = [level.word for level in Level]


@given(clean_registers())
@examples(100)
def test_a_level_that_some_commit_order_satisfies_is_not_refuted(history: History) -> None:
    refuted = set(check(history).refuted_levels)
    assert not refuted & levels_allowed(facts_of(history))


@given(clean_registers())
@examples(100)
def test_up_to_causal_consistency_a_level_that_no_commit_order_satisfies_is_refuted(history: History) -> None:
    weak = set(LEVELS[:3])
    refuted = set(check(history).refuted_levels)
    assert weak - refuted == weak & levels_allowed(facts_of(history))


@given(st.one_of(wild(), clean_registers()))
@examples(100)
def test_the_verdict_does_not_depend_on_how_many_lanes_are_looked_at_together(history: History) -> None:
    one_by_one = check(history, Limits(block_bytes=1))
    assert one_by_one.refuted_levels == check(history).refuted_levels
    assert not one_by_one.cut


@given(st.one_of(wild(), clean_registers()), st.integers(0, 3_000))
@examples(100)
def test_what_is_cut_short_says_so_and_refutes_no_more(history: History, steps: int) -> None:
    short, whole = check(history, Limits(steps=steps, steps_per_edge=0)), check(history)
    assert set(short.refuted_levels) <= set(whole.refuted_levels)
    assert short.cut or short == whole


@given(serial())
@examples(100)
def test_what_ran_serially_shows_nothing(history: History) -> None:
    found = check(history)
    assert (found.refuted_levels, found.anomalies) == ([], [])


@given(wild())
@examples(100)
def test_only_what_no_serial_order_explains_is_reported(history: History) -> None:
    found = check(history)
    if found.anomalies:
        assert not is_serializable(history)
    assert bool(found.anomalies) == bool(found.refuted_levels)


@given(st.one_of(wild(), clean_registers()))
@examples(100)
def test_every_cycle_closes_and_names_what_it_is_made_of(history: History) -> None:
    found = check(history)
    for anomaly in found.anomalies:
        assert not set(anomaly.keys) & set(found.unrecoverable_keys)
        if anomaly.cycle:
            ring = [*anomaly.cycle, anomaly.cycle[0]]
            assert all(one.target == two.source for one, two in pairwise(ring))
            assert [edge.source for edge in anomaly.cycle] == list(anomaly.transactions)
            assert len(set(anomaly.transactions)) == len(anomaly.transactions)
            assert {edge.key for edge in anomaly.cycle if edge.edge != "so"} == set(anomaly.keys)


@given(st.one_of(wild(), clean_registers(), serial()), st.data())
@examples(100)
def test_the_verdict_depends_neither_on_names_nor_on_the_order_of_sessions(
    history: History, data: st.DataObject
) -> None:
    sessions = data.draw(st.permutations(list(history.sessions)))
    keys = dict(zip("xyz", data.draw(st.permutations("pqr")), strict=True))
    renamed = History([[_renamed(one, keys) for one in session] for session in sessions])
    before, after = check(history), check(renamed)
    assert before.refuted_levels == after.refuted_levels
    assert sorted(keys[key] for key in before.unrecoverable_keys) == list(after.unrecoverable_keys)
    assert _certain(before.anomalies, keys) == _certain(after.anomalies, {key: key for key in "pqr"})


def _renamed(one: Transaction, keys: dict[str, str]) -> Transaction:
    steps = [Operation(step.kind, keys[step.key], step.value) for step in one.operations]
    return Transaction(f"a {one.id}", one.status, steps)


def _certain(anomalies: Sequence[Anomaly], keys: dict[str, str]) -> Counter[tuple[str, frozenset[str], str]]:
    """Return the anomalies that are no choice of a cycle among several."""
    names = {"G1a", "G1b", "internal", "non-repeatable-read", "lost-update"}
    return Counter(
        (one.name, frozenset(name.removeprefix("a ") for name in one.transactions), keys[one.keys[0]])
        for one in anomalies
        if one.name in names
    )
