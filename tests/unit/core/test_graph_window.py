"""Windows of a causal graph: together they are the graph, whatever their size."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import Story
from tests.unit.core.random_trace import events_of_one_trace

from raceway_core.causal_graph import EdgeKind, build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event, EventId
from raceway_core.graph_window import GraphWindow, GraphWindows, NodeName
from raceway_core.moment import Phase


def windows_of(events: list[Event]) -> GraphWindows:
    graph = build_graph(events)
    return GraphWindows(graph, clocks_of(graph))


def paged(windows: GraphWindows, size: int) -> list[GraphWindow]:
    """Return all windows, each begun after the last node of the one before."""
    found = [windows.window(0, size)]
    while found[-1].nodes:
        last = found[-1].start + len(found[-1].nodes) - 1
        start = windows.place_after(found[-1].nodes[-1].name, last)
        found.append(windows.window(start, size))
    return found[:-1]


@given(events_of_one_trace(), st.integers(1, 6))
def test_windows_have_each_node_and_each_edge_once_and_causes_first(events: list[Event], size: int) -> None:
    graph = build_graph(events)
    found = paged(windows_of(events), size)
    nodes = [node.name for window in found for node in window.nodes]
    edges = [edge for window in found for edge in window.edges]
    assert len(nodes) == len(set(nodes)) == len(graph.event_of)
    place = {name: number for number, name in enumerate(nodes)}
    assert all(place[edge.source] < place[edge.target] for edge in edges)
    within = sum(len(list(pairwise(chain))) for chain in graph.chain_nodes)
    assert len(edges) == len(graph.edges) + within
    assert sum(edge.kind is EdgeKind.PROGRAM for edge in edges) == within


def test_a_node_tells_its_lane_and_what_it_is() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    for thread in ("w1", "w2"):
        bank.write("balance", on=thread, parent=root, at=5)
    [window] = paged(windows_of(bank.events), 10)
    assert [(node.moment.what, node.moment.phase, node.lane, node.position) for node in window.nodes] == [
        ("call of main", Phase.START, 0, 1),
        ("write of balance", Phase.POINT, 1, 1),
        ("write of balance", Phase.POINT, 2, 1),
        ("call of main", Phase.END, 0, 2),
    ]
    assert window.nodes[1].chain == "bank#i1#w1"


def test_a_window_goes_on_where_the_last_one_ended_though_events_came_late() -> None:
    bank = Story()
    late, first, second = bank.call("late"), bank.call("first"), bank.call("second")
    few, all_ = windows_of([first, second]), windows_of([late, first, second])
    name = few.window(0, 1).nodes[0].name
    assert all_.window(all_.place_after(name, 0), 5).nodes[0].moment.event_id == second.id


def test_a_window_after_a_node_that_is_gone_goes_on_at_its_place() -> None:
    bank = Story()
    bank.call()
    windows = windows_of(bank.events)
    gone = NodeName(EventId("gone"), Phase.POINT)
    assert [windows.place_after(gone, place) for place in (-(2**62), -1, 3)] == [0, 0, 4]
    assert windows.window(2**62, 5).nodes == []
