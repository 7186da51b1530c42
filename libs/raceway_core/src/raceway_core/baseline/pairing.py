"""Pairs: operations that were recorded by two events, one where they began and one where they ended.

A request and its response, a query and its result, a call and its return. The later one names the
earlier as its parent, or is the next of its kind on the chain to close what is open, as brackets do.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
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


class Pair(NamedTuple):
    """The events by which one operation began and ended."""

    opener: int
    closer: int


def pairs_of(graph: CausalGraph) -> Iterator[Pair]:
    """Yield the pairs; no event is in two. Time: O(n), O(1) where nothing closes."""
    kinds = [kind for kind in _OPENS if graph.payloads.numbers(kind)]
    if not kinds:
        return
    closed: set[int] = set()
    unclosed: dict[tuple[int, Hashable], list[int]] = {}
    for event in _in_program_order(graph, kinds):
        payload = graph.payloads[event]
        key = graph.chain_of[event], _key(payload)
        if type(payload) not in _OPENS:
            unclosed.setdefault(key, []).append(event)
        elif (opener := _opener(graph, event, closed, unclosed.get(key, []))) != NONE:
            closed.add(opener)
            yield Pair(opener, event)


def _in_program_order(graph: CausalGraph, kinds: Iterable[type[Payload]]) -> list[int]:
    """Return the events of `kinds` and those that they may end, chain by chain, each in its order."""
    place_of = {node: place for place, node in enumerate(graph.order)}
    chain_of = graph.chain_of
    openers = graph.payloads.numbers(*map(_OPENS.__getitem__, kinds))
    found = [(chain_of[event], place_of[graph.starts[event]], event) for event in openers]
    found += [
        (chain_of[event], place_of[graph.ends[event]], event) for event in graph.payloads.numbers(*kinds)
    ]
    return [event for *_, event in sorted(found)]


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
