"""Pairs: operations that were recorded by two events, one where they began and one where they ended.

A request and its response, a query and its result, a call and its return. The later one names the
earlier as its parent, or is the next of its kind on the chain to close what is open, as brackets do.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
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


_NAMED = (FunctionCall, FunctionReturn)
_FEW = 16


class Pair(NamedTuple):
    """The events by which one operation began and ended."""

    opener: int
    closer: int


def pairs_of(graph: CausalGraph) -> Iterator[Pair]:
    """Yield the pairs; no event is in two. Time: O(n log n) in the events of such kinds, and O(n) if any."""
    there = graph.payloads.by_kind
    kinds = [closes for closes, opens in _OPENS.items() if closes in there and opens in there]
    if not kinds:
        return
    closed: set[int] = set()
    unclosed: dict[tuple[int, Hashable], list[int]] = {}
    for chain, event, closes in _in_program_order(graph, kinds):
        key = chain, _key(graph.payloads[event])
        if not closes:
            unclosed.setdefault(key, []).append(event)
        elif (opener := _opener(graph, event, closed, unclosed.get(key, []))) != NONE:
            closed.add(opener)
            yield Pair(opener, event)


def _in_program_order(graph: CausalGraph, kinds: Iterable[type[Payload]]) -> Iterator[tuple[int, int, bool]]:
    """Yield (chain, event, whether it closes) of `kinds` and those that they may end, chain by chain."""
    there, chain_of = graph.payloads.by_kind, graph.chain_of
    found = [(graph.starts[event], event, False) for kind in kinds for event in there[_OPENS[kind]]]
    found += [(graph.ends[event], event, True) for kind in kinds for event in there[kind]]
    place_of = graph.order.index if len(found) < _FEW else _places(graph.order).__getitem__
    for chain, _, event, closes in sorted([(chain_of[e], place_of(node), e, c) for node, e, c in found]):
        yield chain, event, closes


def _places(order: Sequence[int]) -> Mapping[int, int]:
    return {node: place for place, node in enumerate(order)}


def _key(payload: Payload) -> Hashable:
    kind = _OPENS.get(type(payload), type(payload))
    return (kind, payload.function_name) if isinstance(payload, _NAMED) else kind


def _opener(graph: CausalGraph, closer: int, closed: set[int], unclosed: list[int]) -> int:
    parent = graph.parents[closer]
    if parent != NONE and parent not in closed and type(graph.payloads[parent]) not in _OPENS:
        is_local = (
            graph.chains[graph.chain_of[parent]].process == graph.chains[graph.chain_of[closer]].process
        )
        if is_local and _key(graph.payloads[parent]) == _key(graph.payloads[closer]):
            return parent
    while unclosed and unclosed[-1] in closed:
        unclosed.pop()
    return unclosed.pop() if unclosed else NONE
