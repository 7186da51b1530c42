"""What is before what: named cases."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.core.build import Story

from raceway_core.causal_graph import CausalGraph, EdgeKind, build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event


def kinds(graph: CausalGraph) -> set[EdgeKind]:
    return {edge.kind for edge in graph.edges}


class Order:
    """Asks of a story which of two events is first."""

    def __init__(self, story: Story) -> None:
        self.graph = build_graph(story.events)
        self._clocks = clocks_of(self.graph)

    def before(self, first: Event, second: Event) -> bool:
        numbers = self.graph.number_of
        return self._clocks.happens_before(numbers[first.id], numbers[second.id])

    def concurrent(self, first: Event, second: Event) -> bool:
        return not self.before(first, second) and not self.before(second, first)


def test_two_writes_on_two_threads_under_one_parent_are_concurrent() -> None:
    bank = Story()
    root = bank.call("main")
    left = bank.write("balance", on="worker-1", parent=root)
    right = bank.write("balance", on="worker-2", parent=root)
    last = bank.call("done", parent=root)
    order = Order(bank)
    assert order.concurrent(left, right)
    assert order.before(root, left)
    assert order.before(root, last)
    assert order.concurrent(left, last)


def test_two_threads_under_a_call_that_encloses_them_return_to_it() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    left = bank.write("balance", on="worker-1", parent=root, at=4)
    right = bank.write("balance", on="worker-2", parent=root, at=5)
    after = bank.write("balance", at=11)
    order = Order(bank)
    assert order.concurrent(left, right)
    assert order.before(left, after)
    assert order.before(right, after)
    assert kinds(order.graph) == {EdgeKind.PARENT, EdgeKind.RETURN}


def test_work_that_outlives_the_call_does_not_return_to_it() -> None:
    bank = Story()
    root = bank.call("main", at=10, lasts_ms=10)
    bank.write("balance", on="worker-1", parent=root, at=4)
    late = bank.write("balance", on="worker-1", parent=root, at=12)
    after = bank.write("balance", at=15)
    order = Order(bank)
    assert order.concurrent(late, after)


@pytest.mark.parametrize("nested", [False, True])
def test_one_handler_on_one_thread_is_in_order(nested: bool) -> None:
    bank = Story()
    call = bank.call("handler", at=10, lasts_ms=10)
    inner = bank.call("wrapped", at=6, lasts_ms=4, parent=call) if nested else call
    read = bank.read("balance", at=3, parent=inner)
    write = bank.write("balance", at=5, parent=inner)
    order = Order(bank)
    assert order.before(read, write)
    assert len(order.graph.chains) == 1


def test_two_wrapped_calls_that_each_start_and_finish_a_thread_are_in_order() -> None:
    bank = Story()
    first = bank.call("first", at=10, lasts_ms=9)
    spawn = bank.spawn("thread-1", at=2, parent=first)
    left = bank.write("balance", at=5, on="worker-1", parent=spawn)
    second = bank.call("second", at=20, lasts_ms=9)
    again = bank.spawn("thread-2", at=12, parent=second)
    right = bank.write("balance", at=15, on="worker-2", parent=again)
    order = Order(bank)
    assert order.before(left, right)


def test_a_request_that_hops_over_threads_in_one_line_is_one_chain() -> None:
    bank = Story()
    step = bank.http(on="t1")
    events = [step]
    for thread in ("t2", "t1", "t3"):
        step = bank.write("balance", on=thread, parent=step)
        events.append(step)
    order = Order(bank)
    assert len(order.graph.chains) == 1
    assert order.graph.notes == {"linear_parents": 1}
    assert order.before(events[1], events[3])


def test_tasks_of_two_spawns_on_one_thread_are_concurrent() -> None:
    bank = Story()
    root = bank.call("main")
    left = bank.write("balance", parent=bank.spawn("a", parent=root))
    right = bank.write("balance", parent=bank.spawn("b", parent=root))
    after = bank.join("a", parent=root)
    order = Order(bank)
    assert order.concurrent(left, right)
    assert order.before(left, after)
    assert order.concurrent(right, after)


def test_tasks_that_share_one_spawn_are_told_by_their_lines_of_parents() -> None:
    bank = Story()
    spawn = bank.spawn("both", parent=bank.call("main"))
    left = bank.write("balance", parent=bank.read("balance", parent=spawn))
    right = bank.write("balance", parent=bank.read("balance", parent=spawn))
    assert Order(bank).concurrent(left, right)


def test_steps_of_one_task_under_its_spawn_are_in_order() -> None:
    bank = Story()
    root = bank.call("main")
    spawn = bank.spawn("a", parent=root)
    read = bank.read("balance", on="pool", parent=spawn)
    write = bank.write("balance", on="pool", parent=spawn)
    other = bank.write("balance", on="pool", parent=bank.spawn("b", parent=root))
    order = Order(bank)
    assert order.before(read, write)
    assert order.concurrent(write, other)


def test_what_the_spawner_does_next_stays_on_its_chain() -> None:
    bank = Story()
    acquire = bank.acquire("lock", parent=bank.call("main"))
    spawn = bank.spawn("a", parent=acquire)
    bank.write("audit", on="pool", parent=spawn)
    write = bank.write("balance", parent=spawn)
    graph = build_graph(bank.events)
    chain_of = {event.id: graph.chain_of[graph.number_of[event.id]] for event in bank.events}
    assert chain_of[write.id] == chain_of[acquire.id]


def test_named_tasks_are_ordered_by_spawn_and_await_only() -> None:
    bank = Story()
    spawn = bank.spawn("a", task="main")
    inside = bank.write("balance", task="a", on="loop")
    meanwhile = bank.write("balance", task="main")
    join = bank.join("a", task="main")
    order = Order(bank)
    assert order.before(spawn, inside)
    assert order.concurrent(inside, meanwhile)
    assert order.before(inside, join)
    assert kinds(order.graph) == {EdgeKind.SPAWN, EdgeKind.AWAIT}


def test_who_awaits_a_task_that_recorded_nothing_is_behind_its_spawn() -> None:
    bank = Story()
    spawn = bank.spawn("a", task="main")
    meanwhile = bank.write("balance", task="main")
    join = bank.join("a", task="other")
    order = Order(bank)
    assert order.before(spawn, join)
    assert order.concurrent(meanwhile, join)


def test_of_two_silent_tasks_of_one_name_nobody_knows_which_was_awaited() -> None:
    bank = Story()
    spawns = [bank.spawn("a", task="main"), bank.spawn("a", task="main")]
    join = bank.join("a", task="other")
    order = Order(bank)
    assert all(order.concurrent(spawn, join) for spawn in spawns)


def test_a_task_of_the_same_name_in_another_process_is_another_task() -> None:
    bank = Story()
    spawn = bank.spawn("a", task="main")
    elsewhere = bank.write("balance", task="a", process=2)
    assert Order(bank).concurrent(spawn, elsewhere)


def test_measured_intervals_that_cross_split_a_thread() -> None:
    bank = Story()
    first = bank.call("a", began=0, lasts_ms=10.5)
    second = bank.call("b", began=5, lasts_ms=10)
    third = bank.call("c", began=20, lasts_ms=1)
    order = Order(bank)
    assert order.concurrent(first, second)
    assert order.before(first, third)


def test_unmeasured_durations_and_a_shared_parent_never_split() -> None:
    bank = Story()
    root = bank.call("main")
    first = bank.write("balance", at=10, lasts_ms=9, parent=root)
    second = bank.write("balance", at=12, lasts_ms=9, parent=root)
    order = Order(bank)
    assert order.before(first, second)


def test_crossing_by_no_more_than_the_resolution_proves_nothing() -> None:
    bank = Story()
    first = bank.call("a", began=0, lasts_ms=10)
    second = bank.call("b", began=9, lasts_ms=10)
    assert Order(bank).before(first, second)


def test_plain_spans_follow_one_another_or_are_concurrent() -> None:
    bank = Story(on="", instance=None)
    root = bank.call("root", began=0, lasts_ms=100)
    first = bank.call("a", began=10, lasts_ms=10, parent=root)
    second = bank.call("b", began=20, lasts_ms=30, parent=root)
    during = bank.call("c", began=25, lasts_ms=5, parent=root)
    order = Order(bank)
    assert order.before(first, second)
    assert order.concurrent(second, during)


def test_a_parent_comes_first_whatever_the_stamps_say() -> None:
    bank = Story()
    parent = bank.read("balance", at=2)
    child = bank.write("balance", at=1, parent=parent)
    assert Order(bank).before(parent, child)


def test_a_message_is_sent_before_it_is_received() -> None:
    bank = Story()
    sent = bank.send("m1", at=5, service="a")
    received = bank.receive("m1", at=1, service="b")
    order = Order(bank)
    assert order.before(sent, received)
    assert kinds(order.graph) == {EdgeKind.MESSAGE}


def test_a_remote_call_by_parents() -> None:
    bank = Story(instance="i")
    request = bank.http(service="web", parent=bank.call(service="web"))
    entry = bank.http(service="bank", parent=request)
    write = bank.write("balance", service="bank", parent=entry)
    bank.answer(service="bank", parent=entry)
    meanwhile = bank.write("balance", service="web", on="other", parent=request)
    answer = bank.answer(service="web", parent=request)
    order = Order(bank)
    assert order.before(request, write)
    assert order.before(write, answer)
    assert order.concurrent(write, meanwhile)


def test_a_remote_call_by_spans() -> None:
    bank = Story(instance="i")
    root = bank.call(service="web", span="s1")
    request = bank.http(service="web", span="s1", parent=root)
    entry = bank.http(service="bank", span="s2", upstream="s1", at=-50)
    write = bank.write("balance", service="bank", span="s2", parent=entry, at=-49)
    bank.answer(service="bank", span="s2", parent=entry, at=-48)
    answer = bank.answer(service="web", span="s1", parent=request, at=9)
    order = Order(bank)
    assert kinds(order.graph) == {EdgeKind.REQUEST, EdgeKind.RESPONSE}
    assert order.before(request, write)
    assert order.before(write, answer)


def test_of_two_requests_of_one_span_no_response_is_guessed() -> None:
    bank = Story(instance="i")
    root = bank.call(service="web", span="s1")
    first = bank.http(service="web", span="s1", parent=root)
    answer = bank.answer(service="web", span="s1", parent=first)
    second = bank.http(service="web", span="s1", parent=root)
    entry = bank.http(service="bank", span="s2", upstream="s1")
    bank.answer(service="bank", span="s2", parent=entry)
    order = Order(bank)
    assert order.before(first, entry)
    assert order.concurrent(entry, answer)
    assert order.concurrent(entry, second)


def test_a_cycle_is_reported_and_broken_where_trust_is_lowest() -> None:
    bank = Story()
    spawn = bank.spawn("a", task="main", id="spawn")
    inside = bank.write("x", task="a", id="inside")
    bank.events[0] = spawn = _with_parent(spawn, inside)
    order = Order(bank)
    (issue,) = order.graph.clock_issues
    assert (issue.kind, issue.event_id) == ("cycle", "spawn")
    assert "inside" in issue.message
    assert order.before(spawn, inside)


def test_parents_in_a_ring_are_one_cycle() -> None:
    bank = Story()
    first, second = bank.write("x", id="a"), bank.write("x", id="b")
    bank.events[:] = [_with_parent(first, second), _with_parent(second, first)]
    graph = build_graph(bank.events)
    assert [issue.kind for issue in graph.clock_issues] == ["cycle"]
    assert graph.parents[0] == -1


def test_a_parent_never_seen_is_named() -> None:
    bank = Story()
    lost = Story().call(id="lost")
    bank.write("x", parent=lost)
    bank.write("x", parent=lost)
    assert build_graph(bank.events).missing_parents == ["lost"]


def test_of_conflicting_duplicates_one_counts_and_is_noted() -> None:
    bank, other = Story(), Story()
    bank.write("x", 1, id="e")
    other.write("x", 2, id="e")
    graph = build_graph([*bank.events, *other.events])
    assert graph.notes == {"conflicting_duplicate": 1}
    assert graph.events == build_graph([*other.events, *bank.events]).events


def test_two_processes_without_instances_never_share_a_clock_component() -> None:
    bank = Story(instance=None)
    bank.write("x", process=1)
    bank.write("x", process=2)
    assert len({chain.component for chain in build_graph(bank.events).chains}) == 2


def test_children_that_come_before_their_parents_deep_down_need_no_recursion() -> None:
    bank = Story()
    step = bank.call(at=20_000)
    for depth in range(20_000):
        step = bank.write("x", at=19_999 - depth, parent=step, on=f"t{depth % 2}")
    bank.write("x", parent=bank.events[0])
    order = Order(bank)
    assert order.before(bank.events[0], bank.events[20_000])


def _with_parent(event: Event, parent: Event) -> Event:
    return msgspec.structs.replace(event, parent_id=parent.id)
