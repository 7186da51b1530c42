"""Pairs: operations that were recorded by two events, one where they began and one where they ended.

A request and its response, a query and its result, a call and its return. The later one names the
earlier as its parent, or is the next of its kind on the chain to close what is open, as brackets do.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import (
    DatabaseQuery,
    DatabaseResult,
    FunctionCall,
    FunctionReturn,
    HttpRequest,
    HttpResponse,
    Payload,
)
from raceway_core.graph.event_table import NONE

_OPENS: dict[type[Payload], type[Payload]] = {
    HttpResponse: HttpRequest,
    DatabaseResult: DatabaseQuery,
    FunctionReturn: FunctionCall,
}
_OPENERS = frozenset(_OPENS.values())


class Pair(NamedTuple):
    """The events by which one operation began and ended."""

    opener: int
    closer: int


def pairs_of(graph: CausalGraph) -> Iterator[Pair]:
    """Yield the pairs; no event is in two. Time: O(n), O(1) where nothing closes."""
    if not graph.payloads.numbers(*_OPENS):
        return
    closed: set[int] = set()
    for nodes in graph.chain_nodes:
        unclosed: dict[Hashable, list[int]] = {}
        for node in nodes:
            event = graph.event_of[node]
            payload = graph.payloads[event]
            if type(payload) in _OPENERS and node == graph.starts[event]:
                unclosed.setdefault(_key(payload), []).append(event)
            elif type(payload) in _OPENS and node == graph.ends[event]:
                opener = _opener(graph, event, closed, unclosed.get(_key(payload), []))
                if opener != NONE:
                    closed.add(opener)
                    yield Pair(opener, event)


def _key(payload: Payload) -> Hashable:
    kind = _OPENS.get(type(payload), type(payload))
    return (kind, payload.function_name) if isinstance(payload, FunctionCall | FunctionReturn) else kind


def _opener(graph: CausalGraph, closer: int, closed: set[int], unclosed: list[int]) -> int:
    parent = graph.parents[closer]
    if parent != NONE and parent not in closed:
        is_local = (
            graph.chains[graph.chain_of[parent]].process == graph.chains[graph.chain_of[closer]].process
        )
        if is_local and _key(graph.payloads[parent]) == _key(graph.payloads[closer]):
            return parent
    while unclosed and unclosed[-1] in closed:
        unclosed.pop()
    return unclosed.pop() if unclosed else NONE
