"""The schedule of spans: where events say only what contained what, and nothing about waiting.

An operation is taken to be a fork-join program: a child began when those of its siblings were over that
had ended by then, and the operation ended after all its children. Independent work that only happened
to come later is so taken to have waited, and what is said to be saved is rather too little than too much.
As on the critical path, a child is clipped to its parent's interval, and who consumes a message delays
nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

import msgspec

from raceway_core.causal_graph import CausalGraph
from raceway_core.graph.event_table import NONE
from raceway_core.path.schedule import Schedule
from raceway_core.path.span_tree import SpanTree
from raceway_core.path.span_walk import is_consumer


class _Running(NamedTuple):
    """When a child finished, the step at which it did, and the step of its parent that it waited for."""

    end_ns: int
    step: int
    after: int


class _Frame(msgspec.Struct):
    """An operation under way. `joined` is the step when all children were over that had to be.

    `running` are the children that are done with, by when they finished, and not yet waited for.
    `after` is the step of its parent that it waited for.
    """

    event: int
    after: int
    begin_ns: int
    end_ns: int
    joined: int
    children: Iterator[int]
    running: list[_Running]


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

    def add_root(self, root: int, end_ns: int) -> None:
        begin_ns = self._graph.begins_ns[root]
        frames = [self._frame(root, NONE, begin_ns, max(begin_ns, end_ns))]
        begin = frames[0].joined
        while True:
            frame = frames[-1]
            inner = next(self._begun(frame), None)
            if inner is not None:
                frames.append(inner)
                continue
            end = self._ended(frames.pop())
            if not frames:
                self.schedule.ends.append((begin, end))
                return
            heappush(frames[-1].running, _Running(frame.end_ns, end, frame.after))

    def _frame(self, event: int, after: int, begin_ns: int, end_ns: int, parent: int = NONE) -> _Frame:
        begin = self.schedule.add(begin_ns, () if after == NONE else (after,), parent)
        return _Frame(event, after, begin_ns, end_ns, begin, iter(self._children.get(event, ())), [])

    def _join(self, frame: _Frame, child: _Running) -> None:
        """Wait for a child. One that itself waited for all before it is all that there is to wait for."""
        is_last = child.after == frame.joined
        frame.joined = child.step if is_last else self.schedule.join(frame.joined, child.step)

    def _begun(self, frame: _Frame) -> Iterator[_Frame]:
        """Yield the children that delay the operation, each when it has begun."""
        for child in frame.children:
            begin_ns = max(self._graph.begins_ns[child], frame.begin_ns)
            end_ns = min(self._graph.finishes_ns[child], frame.end_ns)
            if begin_ns < end_ns and not is_consumer(self._graph, child):
                while frame.running and frame.running[0].end_ns <= begin_ns:
                    self._join(frame, heappop(frame.running))
                yield self._frame(child, frame.joined, begin_ns, end_ns, frame.event)

    def _ended(self, frame: _Frame) -> int:
        for child in sorted(frame.running):
            self._join(frame, child)
        end = self.schedule.add(frame.end_ns, (frame.joined,), frame.event)
        if self._graph.finishes_ns[frame.event] > self._graph.begins_ns[frame.event]:
            self.schedule.last_step[frame.event] = end
        return end
