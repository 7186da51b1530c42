"""Transactions: what belongs together, by cases."""

from __future__ import annotations

import pytest
from tests.unit.core.build import Story

from raceway_core.causal_graph import build_graph
from raceway_core.transaction import transactions_of, uncommitted_of


def grouped(story: Story) -> list[set[str]]:
    """Return the ids of the events of each transaction, by their first."""
    graph = build_graph(story.events)
    groups: dict[int, set[str]] = {}
    for event, transaction in zip(graph.events, transactions_of(graph), strict=True):
        groups.setdefault(transaction, set()).add(event.id)
    return sorted(groups.values(), key=min)


def test_a_request_ends_with_its_answer_not_with_that_of_a_call_it_made() -> None:
    story = Story(on="t")
    story.call(id="a0")
    request = story.http(id="b1")
    story.http(id="b2", parent=request)
    story.answer(id="b3", parent=request)
    story.read("x", id="b4", parent=request)
    story.answer(id="b5", parent=request)
    story.read("x", id="a6")
    assert grouped(story) == [{"a0", "a6"}, {"b1", "b2", "b3", "b4", "b5"}]


def test_a_request_that_was_never_answered_ends_with_the_next() -> None:
    story = Story(on="t")
    story.http(id="a1")
    story.read("x", id="a2")
    story.receive("m", id="b3")
    story.write("x", id="b4")
    assert grouped(story) == [{"a1", "a2"}, {"b3", "b4"}]


def test_without_requests_a_chain_is_one_transaction() -> None:
    story = Story()
    story.read("x", id="a1", on="a")
    story.read("x", id="b2", on="b")
    story.write("x", id="a3", on="a")
    assert grouped(story) == [{"a1", "a3"}, {"b2"}]


def test_a_declared_transaction_is_apart_and_a_savepoint_is_part_of_it() -> None:
    story = Story(on="t")
    story.http(id="a1")
    story.begin("outer", id="b2")
    story.begin("savepoint", id="b3")
    story.write("x", id="b4")
    story.abort("savepoint", id="b5")
    story.commit("outer", id="b6")
    story.read("x", id="a7")
    assert grouped(story) == [{"a1", "a7"}, {"b2", "b3", "b4", "b5", "b6"}]


@pytest.mark.parametrize(("end", "is_uncommitted"), [("commit", False), ("abort", True), (None, True)])
def test_only_a_commit_makes_a_declared_transaction_count(end: str | None, is_uncommitted: bool) -> None:
    story = Story(on="t")
    story.begin("tx")
    story.write("x", 1)
    if end == "commit":
        story.commit("tx")
    elif end == "abort":
        story.abort("tx")
    graph = build_graph(story.events)
    assert bool(uncommitted_of(graph, transactions_of(graph))) is is_uncommitted
