"""Why one event is before another: named cases, and the definition by brute force."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import Story
from tests.unit.core.random_program import programs
from tests.unit.core.random_trace import events_of_one_trace
from tests.unit.core.test_clock import reachable

from raceway_core.causal_graph import CausalGraph, EdgeKind, build_graph
from raceway_core.clock import Clocks, clocks_of
from raceway_core.clock_table import Limits
from raceway_core.event import Event, LockMode
from raceway_core.moment import Phase
from raceway_core.reason.ancestor import Ancestors
from raceway_core.reason.explanation import Explanation, LockRelation, Relation
from raceway_core.reason.sentence import sentence_of
from raceway_core.reason.way import Hop, Ways
from raceway_core.why import MOST_STEPS, Explainer

NARROW = Limits(entries=3, news=0, cells=0)
"""So little that most lanes are left out of the clocks."""


def explain(events: list[Event], first: Event, second: Event) -> Explanation:
    graph = build_graph(events)
    numbers = graph.number_of
    return Explainer(graph, clocks_of(graph)).explain(numbers[first.id], numbers[second.id])


def kinds(explanation: Explanation) -> list[list[str]]:
    """Return the kinds of the edges of each way."""
    return [[step.kind.value for step in way.steps] for way in explanation.ways]


def test_two_threads_under_one_call_follow_the_start_of_it() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    left = bank.write("balance", on="worker-1", parent=root, at=4)
    right = bank.write("balance", on="worker-2", parent=root, at=5)
    found = explain(bank.events, left, right)
    assert (found.relation, found.locks) == (Relation.CONCURRENT, LockRelation.NONE)
    assert found.ancestor is not None
    assert (found.ancestor.event_id, found.ancestor.phase) == (root.id, Phase.START)
    assert kinds(found) == [["parent"], ["parent"]]
    assert [way.steps[-1].moment.event_id for way in found.ways] == [left.id, right.id]
    assert sentence_of(found) == (
        "Nothing orders the write of balance at bank.py:10 transfer (worker-1) and the write of balance at"
        " bank.py:10 transfer (worker-2): neither causes the other, and no lock is held at either."
        " Both follow the start of the call of main (main)."
    )


def test_an_await_leads_from_a_task_to_what_follows_it() -> None:
    bank = Story()
    root = bank.call("main", task="main", on="loop")
    spawn = bank.spawn("child", task="main", on="loop", parent=root)
    write = bank.write("balance", task="child", on="loop", parent=spawn)
    last = bank.call("close", task="child", on="loop", parent=write)
    bank.join("child", task="main", on="loop", parent=spawn)
    read = bank.read("balance", task="main", on="loop", parent=spawn)
    found = explain(bank.events, read, write)
    assert (found.relation, found.ancestor) == (Relation.AFTER, None)
    assert kinds(found) == [["program order", "await", "program order"]]
    assert found.ways[0].steps[0].moment.event_id == last.id
    assert sentence_of(found) == (
        "The write of balance at bank.py:10 transfer (child) happens before the read of balance at"
        " bank.py:10 transfer (main): by await."
    )


def test_program_order_is_one_step_however_long() -> None:
    bank = Story()
    first = bank.write("balance", 1)
    for _ in range(1000):
        bank.call("step")
    last = bank.write("balance", 2)
    found = explain(bank.events, first, last)
    (step,) = found.ways[0].steps
    assert (step.kind, step.passed) == (EdgeKind.PROGRAM, 1000)
    assert sentence_of(found).endswith(": one chain ran them in this order.")


def test_an_assumed_return_says_so() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    write = bank.write("balance", on="worker", parent=root, at=4)
    read = bank.read("balance", at=11)
    found = explain(bank.events, write, read)
    assert kinds(found) == [["structured return (assumed)", "program order"]]
    assert "structured return (assumed)" in sentence_of(found)


def test_what_runs_inside_a_call_is_neither_before_nor_after_it() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    write = bank.write("balance", on="worker", parent=root, at=4)
    bank.call("other", on="other", parent=root, at=5)
    found = explain(bank.events, root, write)
    assert found.relation is Relation.BEGAN_BEFORE
    assert explain(bank.events, write, root).relation is Relation.BEGAN_AFTER
    assert found.ways[0].start.phase is Phase.START
    assert sentence_of(found) == (
        "The call of main (main) had not ended when the write of balance at bank.py:10 transfer (worker)"
        " followed from it: by parent."
    )


def test_tasks_of_one_name_are_told_apart_by_their_threads() -> None:
    bank = Story(task="job")
    left, right = bank.write("balance", on="a"), bank.write("balance", on="b", process=2)
    assert sentence_of(explain(bank.events, left, right)).startswith(
        "Nothing orders the write of balance at bank.py:10 transfer (a) and the write of balance at"
        " bank.py:10 transfer (b):"
    )


def test_two_roots_follow_nothing() -> None:
    bank = Story()
    left, right = bank.write("balance", on="a"), bank.write("balance", on="b")
    found = explain(bank.events, left, right)
    assert (found.relation, found.ancestor, found.ways) == (Relation.CONCURRENT, None, ())
    assert sentence_of(found).endswith("No event of the trace comes before both.")


def test_a_long_way_is_cut_in_the_middle() -> None:
    bank = Story()
    events = [bank.call("step", on="t0")]
    for number in range(1, 100):
        events.append(bank.call("step", on=f"t{number}", parent=events[-1]))
        bank.call("rest", on=f"t{number}", parent=events[-1])
    (way,) = explain(bank.events, events[0], events[-1]).ways
    assert (len(way.steps), way.cut_after, way.left_out) == (MOST_STEPS, MOST_STEPS // 2, 99 - MOST_STEPS)
    assert [step.moment.event_id for step in way.steps] == [
        *(event.id for event in events[1 : 1 + way.cut_after]),
        *(event.id for event in events[-way.cut_after :]),
    ]


def test_locks_are_told_with_the_events_that_nothing_else_orders() -> None:
    bank = Story()
    root = bank.call("main")
    events = []
    for thread in ("w1", "w2"):
        lock = bank.acquire("lock", on=thread, parent=root)
        events.append(bank.write("balance", on=thread, parent=lock))
        bank.release("lock", on=thread, parent=lock)
        events.append(bank.write("balance", on=thread, parent=lock))
    held, free, held_later, _ = events
    guarded, ordered = explain(bank.events, held, held_later), explain(bank.events, held, events[3])
    assert (guarded.relation, guarded.locks) == (Relation.CONCURRENT, LockRelation.GUARDED)
    assert [lock.id for lock in guarded.first.lockset] == ["lock"]
    assert sentence_of(guarded).startswith("Only lock lock orders the write")
    assert ordered.locks is LockRelation.ORDERED
    assert sentence_of(ordered).startswith("Only the order in which a lock was granted separates")
    assert explain(bank.events, free, held_later).locks is LockRelation.NONE


def test_a_lock_that_both_share_protects_nothing() -> None:
    bank = Story()
    root = bank.call("main")
    writes = []
    for thread in ("w1", "w2"):
        lock = bank.acquire("lock", on=thread, parent=root, mode=LockMode.SHARED)
        writes.append(bank.write("balance", on=thread, parent=lock))
    found = explain(bank.events, *writes)
    assert found.locks is LockRelation.NONE
    assert "both hold lock lock only shared" in sentence_of(found)


def test_the_way_takes_as_few_edges_as_there_are() -> None:
    bank = Story()
    root = bank.call("main", on="a")
    far = bank.send("m1", on="a", parent=root)
    bank.receive("m1", on="b")
    bank.send("m2", on="b")
    bank.send("m3", on="a", parent=far)
    bank.receive("m2", on="c")
    bank.receive("m3", on="c")
    last = bank.write("x", on="c")
    assert kinds(explain(bank.events, root, last)) == [["program order", "message", "program order"]]


def lasting(graph: CausalGraph, ways: list[set[int]], first: int, second: int) -> int | None:
    """Return the nearest common ancestor by its definition."""
    place = {node: place for place, node in enumerate(graph.order)}
    starts = (graph.starts[first], graph.starts[second])
    common = [
        node for node in range(len(ways)) if all(node == start or start in ways[node] for start in starts)
    ]
    return max(common, key=place.__getitem__, default=None)


def fewest_edges(graph: CausalGraph, source: int, target: int) -> int | None:
    """Return over how many edges between chains the target is reached, by relaxing until nothing changes."""
    steps = [(node, after, 0) for nodes in graph.chain_nodes for node, after in pairwise(nodes)]
    steps += [(edge.source, edge.target, 1) for edge in graph.edges]
    costs = {source: 0}
    changed = True
    while changed:
        changed = False
        for node, after, cost in steps:
            if node in costs and costs[node] + cost < costs.get(after, len(steps) + 1):
                costs[after], changed = costs[node] + cost, True
    return costs.get(target)


def test_a_way_of_every_edge_there_is_has_all_of_them() -> None:
    story = Story()
    root = story.call()
    story.write("x", instance="i2", parent=root)
    assert fewest_edges(build_graph(story.events), 0, 1) == 1


def check_hops(graph: CausalGraph, source: int, event: int, hops: list[Hop]) -> None:
    """Check that hops are edges of the graph that lead from the source to an event's beginning."""
    node = source
    edges = {(edge.source, edge.target, edge.kind) for edge in graph.edges}
    chains = {node: tuple(nodes) for nodes in graph.chain_nodes for node in nodes}
    for hop in hops:
        if hop.kind is EdgeKind.PROGRAM:
            nodes = chains[node]
            between = nodes[nodes.index(node) + 1 : nodes.index(hop.target)]
            assert nodes.index(node) < nodes.index(hop.target)
            assert tuple(hop.passed) == between
        else:
            assert (node, hop.target, hop.kind) in edges
        node = hop.target
    assert node == graph.starts[event]


def check_ways(graph: CausalGraph, clocks: Clocks, first: int, second: int) -> None:
    ways = Ways(graph, clocks)
    for source in {graph.starts[first], graph.ends[first]}:
        cost = fewest_edges(graph, source, graph.starts[second])
        hops = ways.shortest(source, second)
        assert (hops is None) == (cost is None)
        if hops is not None:
            check_hops(graph, source, second, list(hops))
            assert sum(hop.kind is not EdgeKind.PROGRAM for hop in hops) == cost


@given(st.one_of(events_of_one_trace(), programs(20)), st.data())
def test_ways_and_ancestors_agree_with_their_definitions(events: list[Event], data: st.DataObject) -> None:
    graph = build_graph(events)
    clocks = clocks_of(graph)
    numbers = st.integers(0, len(graph.events) - 1)
    first, second = data.draw(numbers), data.draw(numbers)
    assert Ancestors(graph, clocks).nearest(first, second) == lasting(
        graph, reachable(graph, []), first, second
    )
    check_ways(graph, clocks, first, second)


@given(events_of_one_trace(), st.data())
def test_ways_are_found_where_clocks_leave_lanes_out(events: list[Event], data: st.DataObject) -> None:
    graph = build_graph(events)
    numbers = st.integers(0, len(graph.events) - 1)
    check_ways(graph, clocks_of(graph, limits=NARROW), data.draw(numbers), data.draw(numbers))


@given(st.one_of(events_of_one_trace(), programs(20)), st.data())
def test_an_explanation_fits_the_order_and_not_the_arrival(events: list[Event], data: st.DataObject) -> None:
    graph = build_graph(events)
    clocks = clocks_of(graph)
    numbers = st.integers(0, len(graph.events) - 1)
    first, second = data.draw(numbers), data.draw(numbers)
    if first == second:
        return
    found = Explainer(graph, clocks).explain(first, second)
    assert (found.relation is Relation.BEFORE) == clocks.happens_before(first, second)
    assert (found.relation is Relation.AFTER) == clocks.happens_before(second, first)
    assert len(found.ways) == (1 if found.relation is not Relation.CONCURRENT else 2 * bool(found.ancestor))
    ids = graph.events[first].id, graph.events[second].id
    again = build_graph(data.draw(st.permutations(events)))
    same = Explainer(again, clocks_of(again)).explain(*(again.number_of[one] for one in ids))
    assert same == found
    assert sentence_of(found).endswith(".")
    narrow = Explainer(graph, clocks_of(graph, limits=NARROW)).explain(first, second)
    assert narrow.relation is found.relation
    assert len(narrow.ways) == 2 * bool(narrow.ancestor) or narrow.relation is not Relation.CONCURRENT
