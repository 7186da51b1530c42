"""A clock that was cut to a bounded size: what it leaves out may order a pair, so nothing is sure."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from tests.unit.core.build import Story

from raceway_core.access import CLOCK_TAG, CUT
from raceway_core.analysis import analyze_trace
from raceway_core.event import Event, Scope
from raceway_core.finding import FindingKind, PairCounts, Verdict


def _two_withdrawals(turns: int) -> Story:
    """Two tasks read a balance, and only then both write it, again and again."""
    bank = Story(service="bank", instance="b1", scope=Scope.PROCESS)
    for turn in range(turns):
        for task in ("one", "two"):
            bank.read("balance", 100, task=task, version=2 * turn, at=10 * turn)
        for place, task in enumerate(("one", "two")):
            bank.write("balance", 90, task=task, version=2 * turn + place + 1, at=10 * turn + 5)
    return bank


def _with_cut_clock(event: Event) -> Event:
    return replace(event, metadata=replace(event.metadata, tags={CLOCK_TAG: CUT}))


@pytest.mark.parametrize("turns", [1, 20], ids=["compared one by one", "counted by window"])
def test_what_rests_on_a_cut_clock_is_possible_at_most(turns: int) -> None:
    bank = _two_withdrawals(turns)
    whole = analyze_trace(bank.trace_id, bank.events)
    assert {finding.verdict for finding in whole.findings} == {Verdict.PROVEN}

    cut = analyze_trace(bank.trace_id, [_with_cut_clock(event) for event in bank.events])
    assert {(one.kind, one.verdict) for one in cut.findings} == {(FindingKind.RACE, Verdict.POSSIBLE)}
    assert cut.race_pairs == whole.race_pairs
    [variable] = cut.variables
    assert variable.pairs == PairCounts(possible=cut.race_pairs)


def test_one_cut_clock_is_enough() -> None:
    bank = _two_withdrawals(1)
    events = [_with_cut_clock(bank.events[0]), *bank.events[1:]]
    assert {finding.verdict for finding in analyze_trace(bank.trace_id, events).findings} == {
        Verdict.POSSIBLE
    }
