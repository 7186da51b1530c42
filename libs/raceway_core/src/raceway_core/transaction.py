"""Transactions: which accesses a program meant to take effect as one.

A transaction is declared, or it is what one request did:

    declared    from a TransactionBegin to the Commit or Abort of the same id on the same chain;
                what begins inside it is a savepoint and belongs to it
    undeclared  what a chain did inside one server span, else all that the chain did outside of any

A server span runs from an HttpRequest or MessageReceive whose parent is not in the same process
to the HttpResponse that answers it, else to the next such event or the end of the chain. A request
that a handler itself sends has a parent in the process, and its response answers it first.
Several requests without such a span on one worker thread are one transaction: a known limit.

Source: Warszawski & Bailis 2017 (the API call as the unit of intended isolation).
"""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import (
    HttpRequest,
    HttpResponse,
    MessageReceive,
    Payload,
    TransactionAbort,
    TransactionBegin,
    TransactionCommit,
)

_MARKS = (HttpRequest, HttpResponse, MessageReceive, TransactionAbort, TransactionBegin, TransactionCommit)
"""The kinds of event at which a transaction opens or closes."""


def transactions_of(graph: CausalGraph) -> Sequence[int]:
    """Return the transaction of each event: the number of the event that opened it.

    Time: O(n).
    """
    transactions = [0] * len(graph.events)
    marks = set(graph.payloads.numbers(*_MARKS))
    for chain in range(len(graph.chains)):
        walk = _Walk(graph)
        for event in events_on(graph, chain):
            transactions[event] = walk.step(event) if event in marks else walk.current(event)
    return transactions


def uncommitted_of(graph: CausalGraph, transactions: Sequence[int]) -> frozenset[int]:
    """Return the declared transactions that were aborted or whose end is not known.

    Nothing is known to have come of their writes, so they prove nothing.
    """
    opened = {
        event: begin.transaction_id
        for event, begin in graph.payloads.of(TransactionBegin)
        if transactions[event] == event
    }
    committed = {
        transactions[event]
        for event, commit in graph.payloads.of(TransactionCommit)
        if opened.get(transactions[event]) == commit.transaction_id
    }
    return frozenset(opened.keys() - committed)


def events_on(graph: CausalGraph, chain: int) -> Sequence[int]:
    """Return a chain's events in the order in which they began."""
    nodes, event_of, starts = graph.chain_nodes[chain], graph.event_of, graph.starts
    if not graph.has_intervals:
        return nodes
    return [event for node in nodes if starts[event := event_of[node]] == node]


class _Walk:
    """Where one chain stands between transactions."""

    def __init__(self, graph: CausalGraph) -> None:
        self._graph = graph
        self._outside: int | None = None
        self._span: int | None = None
        self._unanswered = 0
        self._declared: int | None = None
        self._declared_id = ""

    def step(self, event: int) -> int:
        """Advance to the chain's next mark and return its transaction."""
        payload = self._graph.payloads[event]
        self._open(event, payload)
        current = self.current(event)
        self._close(payload)
        return current

    def current(self, event: int) -> int:
        """Return the transaction of an event that is no mark, the chain's next."""
        if self._declared is not None:
            return self._declared
        if self._span is not None:
            return self._span
        if self._outside is None:
            self._outside = event
        return self._outside

    def _open(self, event: int, payload: Payload) -> None:
        if isinstance(payload, TransactionBegin):
            if self._declared is None:
                self._declared, self._declared_id = event, payload.transaction_id
        elif isinstance(payload, HttpRequest | MessageReceive):
            if not _has_local_parent(self._graph, event):
                self._span, self._unanswered, self._declared = event, 0, None
            elif isinstance(payload, HttpRequest):
                self._unanswered += 1

    def _close(self, payload: Payload) -> None:
        if isinstance(payload, TransactionCommit | TransactionAbort):
            if payload.transaction_id == self._declared_id:
                self._declared = None
        elif isinstance(payload, HttpResponse):
            if self._unanswered:
                self._unanswered -= 1
            else:
                self._span = None


def _has_local_parent(graph: CausalGraph, event: int) -> bool:
    parent_id = graph.events[event].parent_id
    parent = None if parent_id is None else graph.number_of.get(parent_id)
    if parent is None:
        return False
    mine, theirs = graph.chain_of[event], graph.chain_of[parent]
    return graph.chains[mine].process == graph.chains[theirs].process
