"""Clocks of different hosts, compared by their trace's own messages, and the verdicts that rest on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import MS, Said, Story
from tests.unit.core.pair_definition import counted, judged, racing, read_back
from tests.unit.core.skewed_program import Place, Skewed, skewed_programs

from raceway_core.access import Access, accesses_of, transaction_key
from raceway_core.analysis import analyze_trace
from raceway_core.causal_graph import CausalGraph, build_graph
from raceway_core.clock import clocks_of
from raceway_core.counting.access_class import Classes
from raceway_core.counting.pair_count import count_by_window
from raceway_core.counting.reach import Overlaps, overlaps_by, reaches_of
from raceway_core.counting.site import Site
from raceway_core.counting.timebase import Bounds, Timebase
from raceway_core.counting.track import Tracks
from raceway_core.event import Event
from raceway_core.finding import PairCounts, Verdict
from raceway_core.identity import Process
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.race import Order, find_races
from raceway_core.transaction import transactions_of

WEB = Said(instance="i1", host="web-1")
DB = Said(instance="i2", host="db-1")
NEIGHBOUR = Said(instance="i3", host="db-1")


def message(story: Story, name: str, sender: Said, sent: float, receiver: Said, received: float) -> None:
    story.send(name, **(sender | Said(task=f"to {name}", at=sent)))
    story.receive(name, **(receiver | Said(task=f"from {name}", at=received)))


def two_writes(begins: float, lasts: float, where: Said = DB) -> Story:
    """On web-1 a write from 5 ms to 15 ms, on the other host one that `begins` by its own clock."""
    story = Story()
    story.write("balance", 1, **(WEB | Said(task="w1", at=15, lasts_ms=10)))
    story.write("balance", 2, **(where | Said(task="w2", at=begins + lasts, lasts_ms=lasts)))
    return story


def verdicts(story: Story) -> PairCounts:
    (variable,) = analyze_trace(story.trace_id, story.events).variables
    return variable.pairs


def asked(story: Story) -> Story:
    """The clock of db-1 is ahead of that of web-1, by 249 ms to 251 ms."""
    message(story, "question", WEB, 2, DB, 253)
    message(story, "answer", DB, 273, WEB, 24)
    return story


@pytest.mark.parametrize(
    ("begins", "lasts", "where", "observed"),
    [
        (256, 10, DB, 1),  # 6 ms to 16 ms
        (244, 30, DB, 1),  # around the other
        (263.5, 10, DB, 1),
        (264, 10, DB, 0),  # begins when the other ends, if the clock is ahead by 249 ms
        (246, 10, DB, 0),  # ends when the other begins, if the clock is ahead by 251 ms
        (8, 10, DB, 0),  # overlaps only by what the clocks show
        (262.5, 10, NEIGHBOUR, 1),
        (263.5, 10, NEIGHBOUR, 0),  # its clock may be another millisecond away
        (260, 0, DB, 1),  # an instant inside
    ],
)
def test_what_overlaps_whatever_the_clocks_differ_by_is_observed(
    begins: float, lasts: float, where: Said, observed: int
) -> None:
    expected = PairCounts(observed=observed, possible=1 - observed)
    assert verdicts(asked(two_writes(begins, lasts, where))) == expected


def test_nothing_is_observed_across_hosts_that_send_no_message() -> None:
    assert verdicts(two_writes(256, 10)) == PairCounts(possible=1)


@pytest.mark.parametrize("is_answer", [False, True])
def test_nothing_is_observed_across_hosts_that_send_messages_one_way(is_answer: bool) -> None:
    story = two_writes(256, 10)
    if is_answer:
        message(story, "answer", DB, 273, WEB, 24)
    else:
        message(story, "question", WEB, 2, DB, 253)
    assert verdicts(story) == PairCounts(possible=1)


def test_nothing_is_observed_across_hosts_of_which_a_clock_was_set() -> None:
    story = asked(two_writes(256, 10))
    message(story, "later question", WEB, 500, DB, 600)
    assert verdicts(story) == PairCounts(possible=1)


def test_neighbours_that_cannot_both_be_right_are_as_a_clock_that_was_set() -> None:
    story = asked(two_writes(256, 10))
    message(story, "question to the neighbour", WEB, 30, NEIGHBOUR, 276)
    assert verdicts(story) == PairCounts(possible=1)


def test_clocks_that_are_months_apart_are_not_compared() -> None:
    story, ahead = two_writes(256, 10), 100 * 86_400_000.0
    message(story, "question", WEB, 2, DB, 3 + ahead)
    message(story, "answer", DB, 23 + ahead, WEB, 24)
    assert verdicts(story) == PairCounts(possible=1)


def site(said: Said) -> Site:
    return Site(Process("bank", said["instance"] or "", 1), said["host"] or "")


def test_two_hosts_are_compared_without_the_way_round_a_third() -> None:
    third = Said(instance="i4", host="apart")
    story = Story()
    for name, one, other, took in (("a", third, WEB, 50), ("b", third, DB, 50), ("c", WEB, DB, 1)):
        message(story, f"{name} there", one, 100, other, 100 + took)
        message(story, f"{name} back", other, 200, one, 200 + took)
    timebase = Timebase(build_graph(story.events))
    assert timebase.between(site(WEB), site(DB)) == Bounds(-MS, MS)
    assert timebase.between(site(third), site(DB)) == Bounds(-50 * MS, 50 * MS)
    assert timebase.between(site(third), site(NEIGHBOUR)) is None


def test_two_hosts_are_compared_by_messages_through_a_third() -> None:
    third = Said(instance="i4", host="apart")
    story = Story()
    for one, other in ((WEB, third), (third, DB)):
        message(story, f"{one['host']} there", one, 100, other, 103)
        message(story, f"{one['host']} back", other, 200, one, 201)
    timebase = Timebase(build_graph(story.events))
    assert timebase.between(site(WEB), site(DB)) == Bounds(-6 * MS, 2 * MS)
    assert timebase.between(site(DB), site(WEB)) == Bounds(-2 * MS, 6 * MS)


def read(events: list[Event]) -> tuple[CausalGraph, list[Access], Order]:
    """Return the accesses of the one variable that a skewed program has."""
    graph = build_graph(events)
    clocks = clocks_of(graph)
    found = accesses_of(
        graph,
        transactions=transactions_of(graph),
        locksets=locks_of(graph, DEFAULTS).locksets,
        order=clocks.rank,
        options=DEFAULTS,
    )
    (accesses,) = found.values() or [[]]
    return graph, list(accesses), Order(clocks, clocks, Timebase(graph))


def windows_of(accesses: list[Access], ahead_ns: Callable[[Access], int]) -> dict[int, tuple[int, int]]:
    """Return when each transaction first and last touched the variable, each stamp put right."""
    return {
        number: (
            min(one.start_ns - ahead_ns(one) for one in accesses if one.transaction == number),
            max(one.end_ns - ahead_ns(one) for one in accesses if one.transaction == number),
        )
        for number in {access.transaction for access in accesses}
    }


@given(skewed_programs(may_be_set=False))
@examples(300)
def test_what_is_observed_overlaps_in_true_time(program: Skewed) -> None:
    _, accesses, order = read(program.events)
    ahead_ms = program.ahead_ms
    truth = windows_of(accesses, lambda one: int(ahead_ms[Place(one.process.instance, one.host)] * MS))
    overlaps = overlaps_by(reaches_of(accesses), order.timebase)
    for first, second, verdict in judged(accesses, order, frozenset(), overlaps):
        if verdict is Verdict.OBSERVED:
            (start, end), (other_start, other_end) = truth[first.transaction], truth[second.transaction]
            assert start < other_end
            assert other_start < end


AS_MATRIX_OR_AS_LIST = st.sampled_from([1000, 0])


@given(skewed_programs(), AS_MATRIX_OR_AS_LIST)
@examples(300)
def test_counts_are_those_of_the_definition(program: Skewed, most_tracks: int) -> None:
    assert_counts_are_those_of_the_definition(program.events, most_tracks)


@pytest.mark.parametrize("most_tracks", [1000, 0])
def test_a_process_that_went_to_another_host_does_not_race_with_itself(most_tracks: int) -> None:
    """One lane has both hosts; a clock that goes back, unseen by messages, makes its parts overlap."""
    story = Story(instance="i1")

    def told(host: str, task: str, at: float, **clock: int) -> Said:
        components = tuple((f"bank#i1#{name}", time) for name, time in clock.items())
        return Said(host=host, task=task, on=task, at=at, clock=components)

    story.write("x", 1, **(told("h1", "a", 20, a=1) | Said(lasts_ms=10)))
    story.send("m1", **told("h1", "a", 5, a=2))
    story.receive("m1", **told("h2", "b", 6, a=2, b=1))
    story.write("x", 2, **(told("h2", "b", 17, a=2, b=2) | Said(lasts_ms=5)))
    story.send("m2", **told("h2", "b", 30, a=2, b=3))
    story.receive("m2", **told("h1", "c", 31, a=2, b=3, c=1))
    story.write("x", 3, **told("h1", "c", 36, a=2, b=3, c=2))
    story.write("x", 4, **(told("h1", "d", 40, d=1) | Said(lasts_ms=15)))
    assert_counts_are_those_of_the_definition(story.events, most_tracks)


def assert_counts_are_those_of_the_definition(events: list[Event], most_tracks: int) -> None:
    graph, accesses, order = read(events)
    if not accesses:
        return
    pairs = list(judged(accesses, order, frozenset(), overlaps_by_definition(graph, accesses)))
    reaches = reaches_of(accesses)
    of_access = [reaches[transaction_key(access)] for access in accesses]
    classes = Classes(accesses)
    tracks = Tracks(accesses, order.c, of_access, order.timebase, most_tracks)
    counts, flags = count_by_window(tracks, classes, order.c, order.h)
    assert read_back(classes.sides, counts) == counted(pairs)
    assert flags == racing(accesses, pairs)
    races = find_races(accesses, order)
    assert counted(pairs) == (read_back(list(races.sides), dict(races.counts)) if races else {})


def overlaps_by_definition(graph: CausalGraph, accesses: list[Access]) -> Overlaps:
    """Overlap by trying the extremes of what the best ways through messages allow."""
    legs = legs_of(graph)
    sites = sorted({site for pair in legs for site in pair})
    ways = {pair: max(ways_between(legs, *pair, sites), default=None) for pair in permutations(sites, 2)}
    is_set = any(
        there is not None and (back := ways[b, a]) is not None and there + back > 0
        for (a, b), there in ways.items()
    )
    windows = windows_of(accesses, lambda _: 0)

    def corrections(mine: Site, theirs: Site) -> list[int]:
        """Return the least and the most that is added to their stamps to have mine; none if unknown."""
        if mine.host == theirs.host:
            slack_ns = 0 if mine == theirs else MS
            return [-slack_ns, slack_ns]
        low, high = ways.get((mine, theirs)), ways.get((theirs, mine))
        return [] if is_set or low is None or high is None else [low, -high]

    def overlaps(first: Access, second: Access) -> bool:
        (start, end), (other_start, other_end) = windows[first.transaction], windows[second.transaction]
        tried = corrections(Site(first.process, first.host), Site(second.process, second.host))
        met = [start < other_end + added and other_start + added < end for added in tried]
        return bool(met) and all(met)

    return overlaps


def legs_of(graph: CausalGraph) -> dict[tuple[Site, Site], int]:
    """Return what each pair of sites says of its clocks: by messages between hosts, or being neighbours."""
    legs: dict[tuple[Site, Site], int] = {}
    sites = [Site(chain.process, chain.host) for chain in graph.chains]
    for source, target, _ in graph.edges:
        pair = tuple(sites[graph.chain_of[graph.event_of[node]]] for node in (source, target))
        if pair[0].host != pair[1].host:
            bound_ns = graph.time_ns(source) - graph.time_ns(target)
            legs[pair[0], pair[1]] = max(bound_ns, legs.get((pair[0], pair[1]), bound_ns))
    neighbours = [pair for pair in permutations(set(sites), 2) if pair[0].host == pair[1].host]
    return legs | dict.fromkeys(neighbours, -MS)


def ways_between(
    legs: dict[tuple[Site, Site], int], source: Site, target: Site, sites: list[Site]
) -> Iterator[int]:
    """Yield the length of every way that meets no site twice."""
    others = [site for site in sites if site not in {source, target}]
    for count in range(len(others) + 1):
        for middle in permutations(others, count):
            way = list(pairwise([source, *middle, target]))
            if all(leg in legs for leg in way):
                yield sum(legs[leg] for leg in way)
