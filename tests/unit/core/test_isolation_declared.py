"""Declared transactions of traces as a history: what takes part, and what is known of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest
from tests.unit.core.build import Story

from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Scope, TransactionBegin, TransactionCommit
from raceway_core.isolation.declared import check_declared, check_parts, declared_in
from raceway_core.isolation.fault import faults_of, merge_faults
from raceway_core.isolation.history import Isolation
from raceway_core.isolation.part import NOTHING, DeclaredPart, DeclaredTrace, parts_of
from raceway_core.isolation.resource import check_by_resource
from raceway_core.options import DEFAULTS

LEFT_OUT = ["x"]


def declared(story: Story) -> DeclaredTrace:
    graph = build_graph(story.events)
    return declared_in(graph, clocks_of(graph).rank, DEFAULTS)


def isolation(*stories: Story) -> Isolation:
    return check_declared([declared(story) for story in stories])


def classes(found: Isolation) -> Sequence[tuple[str, Sequence[str]]]:
    return [(anomaly.name, anomaly.transactions) for anomaly in found.anomalies]


def setup(story: Story, **values: int) -> None:
    story.begin("setup")
    for name, value in values.items():
        story.write(name, value)
    story.commit("setup")


def update(story: Story, name: str, seen: int, made: int, *, versions: tuple[int, int] | None = None) -> None:
    """Record a committed transaction on a thread of its own that reads x and writes it."""
    read, written = versions or (None, None)
    story.begin(name, on=name)
    story.read("x", seen, on=name, version=read)
    story.write("x", made, on=name, version=written)
    story.commit(name, on=name)


def test_a_trace_that_declares_nothing_costs_nothing() -> None:
    story = Story()
    story.write("x", 1)
    assert declared(story) is NOTHING
    assert isolation(story) == Isolation(0, [], [], [])


def test_a_write_skew() -> None:
    story = Story()
    setup(story, x=1, y=1)
    for name, target in (("A", "x"), ("B", "y")):
        story.begin(name, on=name)
        story.read("x", 1, on=name)
        story.read("y", 1, on=name)
        story.write(target, 0, on=name)
        story.commit(name, on=name)
    found = isolation(story)
    assert classes(found) == [("G2-item", ["A", "B"])]
    assert (found.transactions, found.refuted_levels) == (3, ["serializable"])


def test_a_lost_update_by_values() -> None:
    story = Story()
    setup(story, x=100)
    update(story, "A", 100, 90)
    update(story, "B", 100, 90)
    assert classes(isolation(story)) == [("lost-update", ["A", "B"])]


def test_a_lost_update_by_versions_needs_no_writer_of_what_was_read() -> None:
    story = Story()
    update(story, "A", 100, 90, versions=(7, 8))
    update(story, "B", 100, 90, versions=(7, 9))
    assert classes(isolation(story)) == [("lost-update", ["A", "B"])]


def test_versions_in_order_show_nothing_though_values_repeat() -> None:
    story = Story()
    update(story, "A", 100, 90, versions=(7, 8))
    update(story, "B", 90, 100, versions=(8, 9))
    update(story, "C", 100, 90, versions=(9, 10))
    assert isolation(story) == Isolation(3, [], [], [])


def test_an_atomic_update_saw_the_version_before_its_own() -> None:
    story = Story()
    for name, version in (("A", 1), ("B", 2)):
        story.begin(name, on=name)
        story.update("x", version, old=version - 1, version=version, on=name)
        story.commit(name, on=name)
    assert isolation(story) == Isolation(2, [], [], [])


@pytest.mark.parametrize(("ends", "found"), [(True, [("G1a", ["A", "B"])]), (False, [])])
def test_an_abort_has_to_be_recorded(ends: bool, found: Sequence[tuple[str, Sequence[str]]]) -> None:
    story = Story()
    story.begin("A", on="a")
    story.write("x", 1, on="a")
    if ends:
        story.abort("A", on="a")
    story.begin("B", on="b")
    story.read("x", 1, on="b")
    story.commit("B", on="b")
    assert classes(isolation(story)) == found


def test_a_value_that_was_there_before_is_no_initial_version() -> None:
    story = Story()
    update(story, "A", 100, 90)
    update(story, "B", 100, 80)
    assert isolation(story) == Isolation(2, [], [], LEFT_OUT)


def test_a_variable_that_is_also_written_outside_tells_nothing_by_its_values() -> None:
    story = Story()
    setup(story, x=100)
    story.write("x", 100, on="other")
    update(story, "A", 100, 90)
    update(story, "B", 100, 80)
    assert isolation(story) == Isolation(3, [], [], LEFT_OUT)


def test_processes_that_cannot_be_told_apart_share_nothing() -> None:
    story = Story(instance="")
    setup(story, x=100)
    update(story, "A", 100, 90)
    update(story, "B", 100, 80)
    assert isolation(story) == Isolation(3, [], [], LEFT_OUT)


def test_a_declared_scope_is_shared_by_processes() -> None:
    story = Story(scope=Scope.SERVICE)
    setup(story, x=100)
    for name, process in (("A", 2), ("B", 3)):
        story.begin(name, on=name, process=process)
        story.read("x", 100, on=name, process=process)
        story.write("x", 90, on=name, process=process)
        story.commit(name, on=name, process=process)
    assert classes(isolation(story)) == [("lost-update", ["A", "B"])]


def test_transactions_of_one_name_are_told_by_their_traces() -> None:
    opening, first, second = Story(), Story(), Story()
    setup(opening, x=100)
    update(first, "T", 100, 90)
    update(second, "T", 100, 80)
    [(name, transactions)] = classes(isolation(opening, first, second))
    assert name == "lost-update"
    assert transactions == [f"{first.trace_id}/T", f"{second.trace_id}/T"]


def test_variables_of_one_name_are_told_by_their_scopes() -> None:
    story = Story()
    for service in ("bank", "shop"):
        story.begin(service, on=service, service=service)
        story.read("x", 1, on=service, service=service, scope=Scope.SERVICE)
        story.commit(service, on=service, service=service)
    assert isolation(story).unrecoverable_keys == ["x (service:bank)", "x (service:shop)"]


def test_a_trace_is_cut_by_resource_and_the_writes_of_others_are_foreign() -> None:
    story = Story()
    for resource, value in (("orders", 1), ("stock", 2)):
        story.event(TransactionBegin(transaction_id=resource, resource=resource))
        story.write("x", value)
        story.event(TransactionCommit(transaction_id=resource, resource=resource))
    orders, stock = parts_of(declared(story))
    assert [part.resource for part in (orders, stock)] == ["orders", "stock"]
    assert [part.transactions for part in (orders, stock)] == [1, 1]
    assert [step.written for step in orders.declared.outside] == ["2"]


def test_parts_of_traces_prove_what_none_of_them_does_alone() -> None:
    first, second = Story("t1"), Story("t2")
    setup(first, x=100)
    update(first, "A", 100, 90)
    update(second, "B", 100, 70)
    parts = [part for story in (first, second) for part in parts_of(declared(story))]
    assert classes(check_parts(parts)) == [("lost-update", ["A", "B"])]
    assert check_parts(parts) == check_parts(parts[::-1])
    assert [check_parts([part]).anomalies for part in parts] == [[], []]


def buy(story: Story, name: str, resource: str, seen: int) -> None:
    """Record a transaction of a resource, on a thread of its own, that reads x at a version and writes it."""
    story.event(TransactionBegin(transaction_id=name, resource=resource), on=name)
    story.read("x", seen, on=name, version=seen)
    story.write("x", seen, on=name, version=seen + 1)
    story.event(TransactionCommit(transaction_id=name, resource=resource), on=name)


def test_each_resource_is_a_history_of_its_own() -> None:
    first, second = Story("t1"), Story("t2")
    buy(first, "A", "orders", 1)
    buy(second, "B", "orders", 1)
    buy(first, "C", "stock", 1)
    buy(second, "D", "stock", 7)
    traces = [declared(first), declared(second)]
    found = check_by_resource(traces)
    assert classes(found) == [("lost-update", ["A", "B"])]
    assert (found.transactions, found.refuted_levels) == (4, ["snapshot-isolation", "serializable"])
    assert found == check_by_resource(traces[::-1])
    assert len(check_declared(traces).anomalies) > 1
    assert check_by_resource([NOTHING]) == Isolation(0, [], [], [])


def test_anomalies_of_one_fingerprint_are_one_fault() -> None:
    story = Story()
    for name in ("A", "B", "C"):
        buy(story, name, "orders", 1)
    anomalies = isolation(story).anomalies
    [fault] = faults_of(anomalies)
    assert (fault.count, fault.example) == (len(anomalies), anomalies[0])
    assert fault.count > 1
    [both] = merge_faults([fault, *faults_of(anomalies[::-1])])
    assert (both.count, both.example) == (2 * len(anomalies), anomalies[0])


def test_a_part_survives_its_packing() -> None:
    story = Story()
    update(story, "A", 1, 2, versions=(1, 2))
    story.write("y", 1, instance=None)
    parts = parts_of(declared(story))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(parts), type=tuple[DeclaredPart, ...]) == parts


def test_a_value_that_was_there_before_its_only_recorded_write_decides_nothing() -> None:
    story = Story()
    update(story, "A", 100, 90)
    update(story, "B", 90, 100)
    assert isolation(story) == Isolation(2, [], [], ["x"])


def test_versions_decide_where_values_repeat() -> None:
    story = Story()
    update(story, "A", 100, 90, versions=(1, 2))
    update(story, "B", 90, 100, versions=(2, 3))
    update(story, "C", 90, 80, versions=(2, 3))
    assert isolation(story).refuted_levels
