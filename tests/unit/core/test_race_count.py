"""Counts, flags and lists of racing pairs, against comparing each two accesses by the definition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations

from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Story
from tests.unit.core.pair_definition import Judged, counted, judged, racing, read_back
from tests.unit.core.random_program import programs

from raceway_core.access import Access, accesses_of, transaction_key
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.clock_table import LIMITS, Limits
from raceway_core.counting.access_class import MOST_SIDES, OTHER, Classes
from raceway_core.counting.fingerprint import Side
from raceway_core.counting.pair_count import count_between, count_by_window
from raceway_core.counting.reach import overlaps_in, reaches_of
from raceway_core.counting.track import Tracks
from raceway_core.event import AccessType, Event
from raceway_core.finding import Verdict
from raceway_core.identity import place_of
from raceway_core.lock_order import lock_edges
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.pair_list import list_pairs, strongest_pairs
from raceway_core.race import Order, Transactions, find_races
from raceway_core.transaction import transactions_of

NOTHING: Transactions = frozenset()


def read(events: list[Event], limits: Limits = LIMITS) -> tuple[list[list[Access]], Order]:
    """Return the accesses of each variable, and what orders them."""
    graph = build_graph(events)
    clocks, locks = clocks_of(graph, limits=limits), locks_of(graph, DEFAULTS)
    order = Order(clocks, clocks_of(graph, lock_edges(graph, locks.holds), limits))
    found = accesses_of(
        graph,
        transactions=transactions_of(graph),
        locksets=locks.locksets,
        order=clocks.rank,
        options=DEFAULTS,
    )
    return list(found.values()), order


def by_definition(accesses: list[Access], order: Order, proven: Transactions) -> Iterator[Judged]:
    return judged(accesses, order, proven, overlaps_in(accesses))


def laid_out(accesses: list[Access], order: Order, most_tracks: int) -> Tracks:
    reaches = reaches_of(accesses)
    return Tracks(
        accesses, order.c, [reaches[transaction_key(access)] for access in accesses], None, most_tracks
    )


AS_MATRIX_OR_AS_LIST = st.sampled_from([1000, 0])


@given(programs(), AS_MATRIX_OR_AS_LIST, st.sampled_from([LIMITS, Limits(entries=-1)]))
@examples(200)
def test_windows_count_what_the_definition_does(
    events: list[Event], most_tracks: int, limits: Limits
) -> None:
    variables, order = read(events, limits)
    for accesses in variables:
        pairs = list(by_definition(accesses, order, NOTHING))
        tracks = laid_out(accesses, order, most_tracks)
        classes = Classes(accesses)
        counts, flags = count_by_window(tracks, classes, *order[:2])
        assert read_back(classes.sides, counts) == counted(pairs)
        assert flags == racing(accesses, pairs)


@given(programs(), AS_MATRIX_OR_AS_LIST, st.data())
@examples(100)
def test_pairs_between_some_groups_are_counted_alone(
    events: list[Event], most_tracks: int, data: st.DataObject
) -> None:
    variables, order = read(events)
    for accesses in variables:
        groups = [access.transaction for access in accesses]
        two = st.sampled_from(list(combinations(sorted(set(groups)), 2)) or [(-2, -1)])
        chosen = data.draw(st.sets(two, max_size=4))
        partners = {
            one: {b for pair in chosen for b in pair if one in pair and b != one} for one in set(groups)
        }
        pairs = [
            (first, second, verdict)
            for first, second, verdict in by_definition(accesses, order, NOTHING)
            if second.transaction in partners[first.transaction]
        ]
        tracks = laid_out(accesses, order, most_tracks)
        classes = Classes(accesses)
        counts, flags = count_between(tracks, classes, *order[:2], groups=groups, partners=partners)
        assert read_back(classes.sides, counts) == counted(pairs)
        members = {id(access) for *both, _ in pairs for access in both}
        assert flags == [id(access) in members for access in accesses]


@given(programs(80), st.data())
@examples(50)
def test_races_are_those_of_the_definition(events: list[Event], data: st.DataObject) -> None:
    variables, order = read(events)
    for accesses in variables:
        numbers = sorted({access.transaction for access in accesses})
        proven = frozenset(
            data.draw(st.sets(st.sampled_from(list(combinations(numbers, 2)) or [(-1, -1)]), max_size=2))
        )
        pairs = list(by_definition(accesses, order, proven))
        races = find_races(accesses, order, proven)
        if races is None:
            assert not pairs
            continue
        assert read_back(list(races.sides), dict(races.counts)) == counted(pairs)
        assert list(races.racing) == racing(accesses, pairs)


@given(programs(), AS_MATRIX_OR_AS_LIST)
@examples(100)
def test_what_is_counted_although_clocks_are_too_wide_is_there(events: list[Event], most_tracks: int) -> None:
    variables, order = read(events, Limits(entries=0, news=0, cells=0))
    for accesses in variables:
        pairs = list(by_definition(accesses, order, NOTHING))
        classes = Classes(accesses)
        counts, flags = count_by_window(laid_out(accesses, order, most_tracks), classes, *order[:2])
        assert read_back(classes.sides, counts) == counted(pairs)
        assert flags == racing(accesses, pairs)


@given(programs(60), st.booleans())
@examples(50)
def test_every_reported_pair_is_listed_once(events: list[Event], by_window: bool) -> None:
    variables, order = read(events)
    for accesses in variables:
        expected = [
            (frozenset({first.event_id, second.event_id}), verdict)
            for first, second, verdict in by_definition(accesses, order, NOTHING)
            if verdict is not Verdict.GUARDED
        ]
        races = find_races(accesses, order)
        if races is not None and by_window:
            races = replace(races, compared=None)
        listed = [
            (frozenset({pair.first.event_id, pair.second.event_id}), pair.verdict)
            for pair in (
                chain.from_iterable(list_pairs(races, i, j) for i, j in races.counts) if races else ()
            )
        ]
        assert Counter(listed) == Counter(expected)


@given(programs(60))
@examples(50)
def test_the_strongest_pairs_are_shown(events: list[Event]) -> None:
    variables, order = read(events)
    for accesses in variables:
        races = find_races(accesses, order)
        if races is None:
            continue
        for (i, j), counts in races.counts.items():
            shown = Counter(pair.verdict for pair in strongest_pairs(races, i, j, counts))
            strongest = counts.strongest
            if strongest is not Verdict.GUARDED:
                assert shown[strongest] >= min(5, counts.of(strongest))


def test_the_rarest_places_are_counted_together() -> None:
    story = Story()
    root = story.call()
    for number in range(MOST_SIDES + 100):
        story.write("x", number, on=f"w{number}", parent=root, place=f"made-up:{max(number, 50)}")
    ((accesses,), order) = read(story.events)
    races = find_races(accesses, order)
    assert races is not None
    assert len(races.sides) == MOST_SIDES + 1
    assert Side("", OTHER, AccessType.WRITE) in races.sides
    assert Side("bank", place_of("made-up:50"), AccessType.WRITE) in races.sides
    assert races.pair_count == len(accesses) * (len(accesses) - 1) // 2
