"""The critical path of spans: where events say what contained what, and nothing about waiting.

An operation waited for the child that ended last, before that for the one that had ended last when
this one began, and so on; each child is walked in the same way, and what is left is the operation's
own. A child is clipped to its parent's interval. A sibling that overlaps the one already taken is off
the path and never cut in two. What is detached from its parent does not delay it, and who consumes
a message does not delay who sent it.

Source: Zhang et al. 2022, "CRISP: Critical path analysis of large-scale microservice architectures".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import (
    AsyncAwait,
    DatabaseQuery,
    LockAcquire,
    LockRequest,
    MessageReceive,
    MessageSend,
    Payload,
    Span,
    SpanKind,
)
from raceway_core.graph.event_table import NONE
from raceway_core.path.span_tree import SpanTree
from raceway_core.path.stretch import LOCK, NETWORK, QUEUE, SCHEDULING, WORK, Trail

WAITS: dict[type[Payload], str] = {
    AsyncAwait: SCHEDULING,
    DatabaseQuery: NETWORK,
    LockAcquire: LOCK,
    LockRequest: LOCK,
    MessageReceive: QUEUE,
}
"""Operations that are waiting by nature; all others work."""


class _Frame(msgspec.Struct):
    """An operation that is being walked: its part of the path, and its children yet to see."""

    event: int
    start_ns: int
    end_ns: int
    label: str
    children: Iterator[int]


class SpanWalk:
    """Walks the trees of one graph."""

    def __init__(self, graph: CausalGraph, tree: SpanTree) -> None:
        self._graph = graph
        finishes, begins = graph.finishes_ns, graph.begins_ns
        self._children = {
            event: sorted(children, key=lambda child: (-finishes[child], begins[child], child))
            for event, children in tree.children.items()
        }

    def walk(self, root: int, _last: int, trail: Trail) -> None:
        """Follow the path of `root` back over the whole trail. Time: O(events below it)."""
        frames = [self._frame(root, trail.start_ns, trail.cursor_ns)]
        while frames:
            frame = frames[-1]
            inner = next(self._delaying(frame, trail), None)
            if inner is None:
                trail.back_to(frame.start_ns, frame.event, frame.label)
                frames.pop()
            else:
                trail.back_to(inner.end_ns, frame.event, frame.label)
                frames.append(inner)

    def _delaying(self, frame: _Frame, trail: Trail) -> Iterator[_Frame]:
        """Yield those of the children left that ended before what was already taken began."""
        for child in frame.children:
            start_ns = max(self._graph.begins_ns[child], frame.start_ns)
            end_ns = min(self._graph.finishes_ns[child], frame.end_ns)
            if start_ns < end_ns <= trail.cursor_ns and not is_consumer(self._graph, child):
                yield self._frame(child, start_ns, end_ns)

    def _frame(self, event: int, start_ns: int, end_ns: int) -> _Frame:
        children = self._children.get(event, [])
        return _Frame(event, start_ns, end_ns, self._label(event, children), iter(children))

    def _label(self, event: int, children: Sequence[int]) -> str:
        """Return what the operation does while none of its children runs."""
        payload = self._graph.payloads[event]
        if isinstance(payload, Span) and payload.span_kind is not SpanKind.UNSPECIFIED:
            return NETWORK if payload.span_kind is SpanKind.CLIENT else WORK
        chains, chain_of = self._graph.chains, self._graph.chain_of
        here = chains[chain_of[event]].process
        if children and all(chains[chain_of[child]].process != here for child in children):
            return NETWORK
        return WAITS.get(type(payload), WORK)


def is_consumer(graph: CausalGraph, event: int) -> bool:
    """Whether an event consumes a message that its parent sent or was sent for it, or is detached from it."""
    if event in graph.detached:
        return True
    chain_of, parent = graph.chain_of, graph.parents[event]
    if parent == NONE or chain_of[event] == chain_of[parent]:
        return False
    return type(graph.payloads[event]) is MessageReceive or type(graph.payloads[parent]) is MessageSend
