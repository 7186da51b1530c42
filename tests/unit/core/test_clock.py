"""Happens-before from vector clocks, against its definition: a way through the graph."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.clock_check import assert_same
from tests.unit.core.random_trace import events_of_one_trace

from raceway_core.causal_graph import CausalGraph, Edge, EdgeKind, build_graph
from raceway_core.clock import Clocks, clocks_of
from raceway_core.clock_table import Limits
from raceway_core.event import Event
from raceway_core.graph.linear_order import leads_ahead, linear_extension
from raceway_core.order_count import pair_counts


def reachable(graph: CausalGraph, more: list[Edge]) -> list[set[int]]:
    """Return for each node those that it leads to, by depth-first search."""
    successors: list[list[int]] = [[] for _ in graph.event_of]
    for nodes in graph.chain_nodes:
        for node, after in pairwise(nodes):
            successors[node].append(after)
    for source, target, _ in [*graph.edges, *more]:
        successors[source].append(target)
    found = []
    for node in range(len(successors)):
        seen: set[int] = set()
        todo = list(successors[node])
        while todo:
            step = todo.pop()
            if step not in seen:
                seen.add(step)
                todo.extend(successors[step])
        found.append(seen)
    return found


def ordered_pairs(graph: CausalGraph, more: list[Edge]) -> set[tuple[int, int]]:
    ways = reachable(graph, more)
    numbers = range(len(graph.events))
    return {
        (first, second)
        for first in numbers
        for second in numbers
        if first != second
        and (graph.starts[second] in ways[graph.ends[first]] or graph.ends[first] == graph.starts[second])
    }


def check_clocks(graph: CausalGraph, clocks: Clocks, expected: set[tuple[int, int]]) -> None:
    numbers = list(range(len(graph.events)))
    pairs = {(a, b) for a in numbers for b in numbers if clocks.happens_before(a, b)}
    assert pairs == expected
    assert all(clocks.rank[a] < clocks.rank[b] for a, b in expected)
    assert sorted(clocks.rank) == numbers
    known, row_of = clocks.rows(numbers, list(range(clocks.width)))
    apart = {
        (a, b)
        for a in numbers
        for b in numbers
        if clocks.lane[a] != clocks.lane[b] and max(clocks.lane[a], clocks.lane[b]) < clocks.kept
    }
    by_rows = {(a, b) for a, b in apart if known[row_of[b], clocks.lane[a]] >= clocks.position[a]}
    assert by_rows == expected & apart
    ordered, concurrent = pair_counts(graph, clocks)
    assert ordered == len(expected)
    assert ordered + concurrent == len(numbers) * (len(numbers) - 1) // 2


@given(events_of_one_trace())
def test_clocks_agree_with_the_definition(events: list[Event]) -> None:
    graph = build_graph(events)
    ways = reachable(graph, [])
    assert not any(node in way for node, way in enumerate(ways))
    check_clocks(graph, clocks_of(graph), ordered_pairs(graph, []))


@given(events_of_one_trace(), st.data())
def test_more_edges_are_left_out_only_on_a_cycle(events: list[Event], data: st.DataObject) -> None:
    graph = build_graph(events)
    nodes = st.integers(0, len(graph.event_of) - 1)
    more = [
        Edge(source, target, EdgeKind.LOCK)
        for source, target in data.draw(st.lists(st.tuples(nodes, nodes), max_size=6))
        if graph.chain_of[graph.event_of[source]] != graph.chain_of[graph.event_of[target]]
    ]
    clocks, plain = clocks_of(graph, more), clocks_of(graph)
    _, dropped = linear_extension(graph.chain_nodes, graph.edges, more)
    kept = [edge for edge in more if edge not in dropped]
    check_clocks(graph, clocks, ordered_pairs(graph, kept))
    assert (clocks.lane, clocks.position) == (plain.lane, plain.position)
    ways = reachable(graph, more)
    assert all(edge.source in ways[edge.target] for edge in dropped)


@given(events_of_one_trace())
def test_a_lane_is_one_process_and_one_sequence(events: list[Event]) -> None:
    graph = build_graph(events)
    clocks = clocks_of(graph)
    expected = ordered_pairs(graph, [])
    processes: dict[int, set[object]] = {}
    for event, lane in enumerate(clocks.lane):
        processes.setdefault(lane, set()).add(graph.chains[graph.chain_of[event]].process)
    assert all(len(found) == 1 for found in processes.values())
    for first in range(len(events)):
        for second in range(len(events)):
            if clocks.lane[first] == clocks.lane[second] and clocks.position[first] <= clocks.begin[second]:
                assert first == second or (first, second) in expected


@given(st.data(), events_of_one_trace())
def test_everything_is_a_function_of_the_set_of_events(data: st.DataObject, events: list[Event]) -> None:
    again = data.draw(st.permutations([*events, *data.draw(st.lists(st.sampled_from(events)))]))
    first, second = build_graph(events), build_graph(again)
    assert first == second
    shown = [clocks_of(graph).shown(event) for graph in (first, second) for event in range(len(events))]
    assert shown[: len(events)] == shown[len(events) :]


@given(events_of_one_trace())
def test_clocks_that_are_too_wide_call_nothing_concurrent_that_is_not(events: list[Event]) -> None:
    graph = build_graph(events)
    clocks = clocks_of(graph, limits=Limits(entries=0, news=0, cells=0))
    numbers = range(len(events))
    pairs = {(a, b) for a in numbers for b in numbers if clocks.happens_before(a, b)}
    assert pairs >= ordered_pairs(graph, [])
    check_clocks(graph, clocks, pairs)


def test_the_fast_check_of_an_order() -> None:
    assert leads_ahead([[0, 2], [1]], [Edge(0, 1, EdgeKind.PARENT)])
    assert not leads_ahead([[0, 2], [1]], [Edge(2, 1, EdgeKind.PARENT)])
    assert not leads_ahead([[2, 0], [1]], [])


@pytest.mark.parametrize("limits", [Limits(entries=-1), Limits(entries=-1, news=-1)], ids=["news", "matrix"])
@given(events=events_of_one_trace())
def test_clocks_kept_otherwise_are_those_in_dicts(limits: Limits, events: list[Event]) -> None:
    graph = build_graph(events)
    dicts, others = clocks_of(graph), clocks_of(graph, limits=limits)
    assert_same(graph, dicts, others)
    check_clocks(graph, others, ordered_pairs(graph, []))
