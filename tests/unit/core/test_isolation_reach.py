"""Lanes, their rows and the search for turns against the slow definitions, on random histories."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples

from raceway_core.isolation.effort import LIMITS, Effort
from raceway_core.isolation.graph import Edge, EdgeKind, Graph
from raceway_core.isolation.lane import Lanes, lanes_of
from raceway_core.isolation.reach import blocks_of
from raceway_core.isolation.run import Runs
from raceway_core.isolation.turn_search import TurnSearch

SIZE = 9
NODES = st.integers(0, SIZE - 1)


@st.composite
def drawn_lanes(draw: st.DrawFn) -> Lanes:
    cuts = sorted(draw(st.sets(st.integers(1, SIZE - 1))))
    sessions = [list(range(begin, end)) for begin, end in zip([0, *cuts], [*cuts, SIZE], strict=True)]
    graph = Graph(SIZE)
    for session in sessions:
        for first, second in pairwise(session):
            graph.add(first, Edge(second, EdgeKind.SO))
    for source, target in draw(st.lists(st.tuples(NODES, NODES), max_size=12)):
        graph.add(source, Edge(target, EdgeKind.WR, "x"))
    return lanes_of(graph, sessions, draw(st.sets(NODES, min_size=1)))


def reached(lanes: Lanes) -> set[tuple[int, int]]:
    """Return who reaches whom over the edges, the slow way."""
    pairs = set(lanes.edges)
    for middle in range(SIZE):
        pairs |= {(a, d) for a, b in pairs for c, d in pairs if b == c == middle}
    return pairs


@given(drawn_lanes(), st.sampled_from([1, 20, 1_000]))
@examples(100)
def test_a_lane_is_a_path_and_its_rows_tell_what_reaches_what(lanes: Lanes, block_bytes: int) -> None:
    pairs = reached(lanes)
    writers = [node for node in range(SIZE) if lanes.is_writer[node]]
    looked_at = 0
    for block in blocks_of(lanes, Effort(LIMITS._replace(block_bytes=block_bytes), SIZE)):
        inside = [writer for writer in writers if block.has(lanes.lane[[writer]])[0]]
        looked_at += len(inside)
        for node, writer in product(range(SIZE), inside):
            lane, place = lanes.lane[[writer]], int(lanes.place[writer])
            assert (int(block.before(np.array([node]), lane)[0]) >= place) == ((writer, node) in pairs)
            assert (int(block.after(np.array([node]), lane)[0]) <= place) == ((node, writer) in pairs)
            assert int(block.after(np.array([-1]), lane)[0]) == 1
    assert looked_at == len(writers)
    assert lanes.sizes.sum() == len(writers)


@given(drawn_lanes(), st.lists(st.tuples(st.integers(0, 2), NODES), max_size=12))
@examples(100)
def test_the_latest_reach_no_other_and_the_earliest_are_reached_by_none(
    lanes: Lanes, drawn: list[tuple[int, int]]
) -> None:
    pairs, (block, *_) = reached(lanes), blocks_of(lanes, Effort(LIMITS, SIZE))
    members = sorted({(group, node) for group, node in drawn if lanes.is_writer[node]})
    by_rank = sorted(members, key=lambda member: (member[0], lanes.rank[member[1]]))
    by_last = sorted(members, key=lambda member: (member[0], -lanes.rank[member[1]]))
    for given_members, search, order in (
        (by_last, block.latest, pairs),
        (by_rank, block.earliest, {(b, a) for a, b in pairs}),
    ):
        groups, nodes = np.array(given_members, dtype=np.int64).reshape(-1, 2).T
        expected = [
            not any(group == other_group and (node, other) in order for other_group, other in members)
            for group, node in given_members
        ]
        assert search(groups, nodes).tolist() == expected


@given(st.lists(st.integers(0, 5), min_size=1, max_size=12), st.data())
@examples(100)
def test_the_last_entry_of_a_turn_or_later_is_found(turns: list[int], data: st.DataObject) -> None:
    size = len(turns)
    graph = Graph(size)
    for first in range(size - 1):
        graph.add(first, Edge(first + 1, EdgeKind.SO))
    lanes = lanes_of(graph, [list(range(size))], set(range(size)))
    runs = Runs(lanes, np.zeros(size, dtype=np.int64), np.arange(size), np.array(turns))
    search = TurnSearch(runs)
    entry = data.draw(st.integers(0, size - 1))
    turn = data.draw(st.integers(0, max(turns[: entry + 1])))
    (found,) = search.last_newer(np.array([entry]), np.array([turn])).tolist()
    assert found == max(place for place in range(entry + 1) if turns[place] >= turn)
