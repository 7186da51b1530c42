"""Runs across traces, against comparing each two accesses by the definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from random import Random
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import NOON_NS, Story
from tests.unit.core.crowd import VARIABLE, Windows, crowds, runs_of, spans_in, windows_of

from raceway_core.access import Access, is_conflict, transaction_key
from raceway_core.across.accesses import program_order, unordered
from raceway_core.across.handover import is_handed_over
from raceway_core.across.window import Opened
from raceway_core.counting.fingerprint import fingerprint_of, side_of
from raceway_core.counting.reach import overlaps_in
from raceway_core.event import TraceId
from raceway_core.finding import MOST_EXAMPLES, Finding, FindingKind, PairCounts, Verdict
from raceway_core.lost_update import find_lost_updates
from raceway_core.race import verdict_of
from raceway_core.run import find_across_traces
from raceway_core.span import SPAN_NS


def compared_pairs(run: Windows, span: int) -> Iterator[tuple[Access, Access]]:
    """Yield the pairs of accesses of different traces whose later window begins in the span."""
    for (first, mine), (second, theirs) in combinations(run, 2):
        if max(mine.first_ns, theirs.first_ns) // SPAN_NS == span:
            for access in Opened(first, mine).accesses:
                yield from ((access, other) for other in Opened(second, theirs).accesses)


class Group(NamedTuple):
    """Pairs of one fingerprint, listed: what is counted, and which traces take part."""

    counts: PairCounts
    traces: frozenset[str]

    def __or__(self, other: Group) -> Group:
        return Group(self.counts + other.counts, self.traces | other.traces)


NOTHING = Group(PairCounts(), frozenset())
Groups = defaultdict[str, Group]


def lost_in(run: Windows, span: int) -> tuple[Groups, set[str]]:
    """Return the lost updates of a run, and the fingerprints that they stand for."""
    groups, absorbed = Groups(lambda: NOTHING), set[str]()
    accesses = [access for trace, window in run for access in Opened(trace, window).accesses]
    compared = {frozenset(map(transaction_key, pair)) for pair in compared_pairs(run, span)}
    for found in find_lost_updates(accesses, program_order):
        if frozenset(found.transactions) in compared:
            name = fingerprint_of(VARIABLE, side_of(found.update.write), side_of(found.lost))
            traces = frozenset(trace for trace, _ in found.transactions)
            groups[name] |= Group(PairCounts(proven=1), traces)
            sides = [[one for one in accesses if transaction_key(one) == key] for key in found.transactions]
            absorbed |= {
                fingerprint_of(VARIABLE, side_of(first), side_of(second))
                for first, second in product(*sides)
                if is_conflict(first.access_type, second.access_type)
            }
    return groups, absorbed


def races_in(run: Windows, span: int) -> Groups:
    """Return what is reported of a run's races, if no lost update stands for it."""
    groups = Groups(lambda: NOTHING)
    opened = {trace: Opened(trace, window) for trace, window in run}
    overlaps = overlaps_in([access for one in opened.values() for access in one.accesses])

    def locks(first: Access, second: Access) -> bool:
        one_process = first.process == second.process and first.process.is_known
        mine, theirs = (opened[one.trace_id].story(one.number) for one in (first, second))
        return is_handed_over(mine, theirs, one_process=one_process)

    for first, second in compared_pairs(run, span):
        verdict = verdict_of(first, second, c=unordered, h=locks, overlaps=overlaps)
        if verdict is not None:
            name = fingerprint_of(VARIABLE, side_of(first), side_of(second))
            traces = {first.trace_id, second.trace_id} if verdict is not Verdict.GUARDED else ()
            groups[name] |= Group(PairCounts(**{verdict.name.lower(): 1}), frozenset(traces))
    return Groups(
        lambda: NOTHING,
        {name: one for name, one in groups.items() if one.counts.strongest is not Verdict.GUARDED},
    )


def by_definition(span: int, windows: Windows) -> dict[str, tuple[FindingKind, PairCounts, tuple[str, ...]]]:
    """Return kind, counts and traces of each finding, listing all pairs."""
    lost, races, absorbed = Groups(lambda: NOTHING), Groups(lambda: NOTHING), set[str]()
    for run in runs_of(windows):
        found, names = lost_in(run, span)
        absorbed |= names
        for groups, more in ((lost, found), (races, races_in(run, span))):
            for name, group in more.items():
                groups[name] |= group
    shown = [(FindingKind.LOST_UPDATE, name, group) for name, group in lost.items()]
    shown += [(FindingKind.RACE, name, group) for name, group in races.items() if name not in absorbed]
    return {name: (kind, group.counts, tuple(sorted(group.traces))) for kind, name, group in shown}


def is_predicted(finding: Finding) -> bool:
    """Whether it needs no overlap; what is predicted has a definition of its own, and tests."""
    return finding.kind is FindingKind.LOST_UPDATE and finding.verdict is Verdict.POSSIBLE


@given(crowds())
def test_counts_what_the_definition_counts(stories: list[Story]) -> None:
    for span, windows in spans_in(windows_of(stories)).items():
        found = {
            finding.fingerprint: (finding.kind, finding.pairs_by_verdict, finding.trace_ids)
            for finding in find_across_traces(span, windows)
            if not is_predicted(finding)
        }
        assert found == by_definition(span, windows)


@given(crowds(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_windows_do_not_matter(stories: list[Story], randomness: Random) -> None:
    for span, windows in spans_in(windows_of(stories)).items():
        again = windows + randomness.choices(windows, k=2)
        randomness.shuffle(again)
        assert find_across_traces(span, again) == find_across_traces(span, windows)


@given(crowds())
def test_names_of_traces_do_not_matter(stories: list[Story]) -> None:
    def counts(named: Windows) -> list[tuple[str, PairCounts, int]]:
        return [
            (finding.fingerprint, finding.pairs_by_verdict, len(finding.trace_ids))
            for span, windows in sorted(spans_in(named).items())
            for finding in sorted(find_across_traces(span, windows), key=lambda one: one.fingerprint)
        ]

    windows = windows_of(stories)
    renamed = [(TraceId(f"z{9 - int(trace[1:])}"), window) for trace, window in windows]
    assert counts(renamed) == counts(windows)


@given(crowds())
def test_shows_the_strongest_pairs(stories: list[Story]) -> None:
    for span, windows in spans_in(windows_of(stories)).items():
        for finding in find_across_traces(span, windows):
            strongest = [one for one in finding.examples if one.verdict is finding.verdict]
            assert len(strongest) == min(finding.pairs, MOST_EXAMPLES)
            assert all(one.first.trace_id != one.second.trace_id for one in finding.examples)


def test_finds_the_one_overlap_among_many_nearer_pairs() -> None:
    stories = [Story(f"p{at:03}", host="h") for at in range(120)]
    for at, story in enumerate(stories):
        story.write(VARIABLE, 1, at=at)
    for trace, begin, end in (("a", 500, 900), ("b", 800, 1000)):
        story = Story(trace, host="h")
        story.write(VARIABLE, 1, at=begin)
        story.read(VARIABLE, 1, at=end, place="bank.py:9 audit")
        stories.append(story)
    findings = find_across_traces(NOON_NS // SPAN_NS, windows_of(stories))
    writes = next(one for one in findings if one.pairs_by_verdict.possible > 5000)
    assert writes.pairs_by_verdict == PairCounts(observed=1, possible=122 * 121 // 2 - 1)
    assert {one.trace_id for one in (writes.examples[0].first, writes.examples[0].second)} == {"a", "b"}


def test_a_pair_is_counted_in_the_span_in_which_its_later_window_begins() -> None:
    begin_ms = (SPAN_NS - NOON_NS % SPAN_NS) / 1_000_000
    stories = []
    for trace, first, second in (("a", -10, 5), ("b", -5, 10), ("c", 2, 20)):
        story = Story(trace)
        story.read(VARIABLE, 100, at=begin_ms + first)
        story.write(VARIABLE, 90, at=begin_ms + second)
        stories.append(story)
    spans = spans_in(windows_of(stories))
    before, after = (find_across_traces(span, spans[span]) for span in sorted(spans))
    assert [(one.verdict, one.pairs, one.trace_ids) for one in before] == [(Verdict.PROVEN, 1, ("a", "b"))]
    assert [(one.verdict, one.pairs, one.trace_ids) for one in after] == [
        (Verdict.PROVEN, 2, ("a", "b", "c"))
    ]
