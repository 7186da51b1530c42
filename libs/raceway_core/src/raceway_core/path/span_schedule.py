"""The schedule of spans: where events say only what contained what, and nothing about waiting.

An operation is taken to be a fork-join program: a child began when those of its siblings were over that
had ended by then, and the operation ended after all its children. Independent work that only happened
to come later is so taken to have waited, and what is said to be saved is rather too little than too much.
Who consumes a message, and who outlives its parent on the same host, delays nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.graph.event_table import NONE
from raceway_core.path.schedule import Schedule
from raceway_core.path.span_tree import SpanTree
from raceway_core.path.span_walk import is_consumer


class _Frame(msgspec.Struct):
    """An operation under way. `joined` is the step when all children were over that had to be.

    `running` are the children that are done with, by when they finished, and not yet waited for.
    """

    event: int
    end_ns: int
    joined: int
    children: Iterator[int]
    running: list[tuple[int, int]]


def span_schedule(graph: CausalGraph, tree: SpanTree, roots: Iterable[tuple[int, int]]) -> Schedule:
    """Return the schedule; `roots` are the first events of paths, each with the path's last node.

    Time: O(n log n).
    """
    builder = _Builder(graph, tree)
    for event, last in roots:
        builder.add_root(event, graph.time_ns(last))
    return builder.schedule


class _Builder:
    def __init__(self, graph: CausalGraph, tree: SpanTree) -> None:
        self.schedule = Schedule()
        self._graph = graph
        self._children = tree.children
        self._hosts = [chain.host for chain in graph.chains]

    def add_root(self, root: int, end_ns: int) -> None:
        begin = self.schedule.add(self._graph.begins_ns[root], (), NONE)
        frames = [self._frame(root, begin, end_ns)]
        while True:
            frame = frames[-1]
            child = next(frame.children, None)
            if child is not None:
                if not is_consumer(self._graph, child):
                    frames.append(self._begun(frame, child))
                continue
            end = self._ended(frames.pop())
            if not frames:
                self.schedule.ends.append((begin, end))
                return
            if self._delays(frame.event, frames[-1]):
                heappush(frames[-1].running, (self._graph.finishes_ns[frame.event], end))

    def _frame(self, event: int, begin: int, end_ns: int) -> _Frame:
        return _Frame(event, end_ns, begin, iter(self._children.get(event, ())), [])

    def _begun(self, frame: _Frame, child: int) -> _Frame:
        begin_ns = self._graph.begins_ns[child]
        while frame.running and frame.running[0][0] <= begin_ns:
            frame.joined = self.schedule.join(frame.joined, heappop(frame.running)[1])
        begin = self.schedule.add(begin_ns, (frame.joined,), frame.event)
        return self._frame(child, begin, self._graph.finishes_ns[child])

    def _ended(self, frame: _Frame) -> int:
        for _, step in sorted(frame.running):
            frame.joined = self.schedule.join(frame.joined, step)
        end = self.schedule.add(frame.end_ns, (frame.joined,), frame.event)
        if _length_ns(self._graph, frame.event):
            self.schedule.last_step[frame.event] = end
        return end

    def _delays(self, child: int, frame: _Frame) -> bool:
        """Whether the operation waited for a child: it ended in time, by the clock of one host."""
        graph, parent = self._graph, frame.event
        if graph.finishes_ns[child] <= frame.end_ns:
            return True
        is_here = self._hosts[graph.chain_of[child]] == self._hosts[graph.chain_of[parent]]
        return not is_here and _length_ns(graph, child) <= _length_ns(graph, parent)


def _length_ns(graph: CausalGraph, event: int) -> int:
    return graph.finishes_ns[event] - graph.begins_ns[event]
