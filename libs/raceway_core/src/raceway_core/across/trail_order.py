"""Accesses of several traces in one sequence: by time, but for the locks that were handed over.

Of the accesses that are next in their traces the earliest comes next, unless one that is still to come
handed a lock over to it; if all wait for others, which stamps that contradict each other can do, the
earliest comes nevertheless.

An access is handed over to another where the lock was released after the one and acquired before the
other, on one scale (`raceway_core.across.handover`). So the stamps of a scale are put in a line: an
access leads to its release, that to all later acquires, each of these to its access. That says all of
it in as many edges as there are stamps.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple, TypeAlias

from raceway_core.across.handover import Around, Stamp
from raceway_core.across.window import Opened
from raceway_core.event import TraceId

_Names: TypeAlias = Sequence[tuple[TraceId, int]]
_Scale: TypeAlias = tuple[Hashable, ...]


class _Point(NamedTuple):
    """A stamp in a line. Of equal stamps the acquire comes first: it was not handed the release's lock."""

    value: int
    is_release: bool
    access: int


def in_order(names: _Names, windows: Mapping[TraceId, Opened]) -> list[tuple[TraceId, int]]:
    """Return accesses in order; `names` are in the order of time, those of a trace in their own.

    Time: O(k log k) for k accesses and stamps.
    """
    lines = list(_lines(names, windows))
    return [names[number] for number in _Sort(names, lines).order()] if lines else list(names)


def _lines(names: _Names, windows: Mapping[TraceId, Opened]) -> Iterator[list[_Point]]:
    """Yield the stamps of each scale that several traces have: exclusive acquires with all releases."""
    points: dict[_Scale, list[_Point]] = {}
    for access, (trace_id, number) in enumerate(names):
        window = windows[trace_id]
        process = window.accesses[number].process
        for lock, around in window.story(number).items():
            for scale, value, is_release in _stamps(around):
                if scale[0] == "grant" or process.is_known:
                    key = (lock, *scale, process if scale[0] == "clock" else None)
                    points.setdefault(key, []).append(_Point(value, is_release, access))
    for line in points.values():
        if len({names[point.access][0] for point in line}) > 1:
            yield sorted(line)


def _stamps(around: Around) -> Iterator[tuple[tuple[str, str], int, bool]]:
    """Yield the scale, the value, and whether it is a release. Two shared holds order nothing."""
    roles: tuple[tuple[Stamp | None, str, bool], ...] = (
        (around.acquired_alone, "any release", False),
        (around.released, "any release", True),
        (around.acquired, "any acquire", False),
        (around.released_alone, "any acquire", True),
    )
    for stamp, pairing, is_release in roles:
        if stamp is not None:
            yield ("clock", pairing), stamp.time_ns, is_release
            if stamp.grant is not None:
                yield ("grant", pairing), stamp.grant, is_release


class _Sort:
    """Kahn's algorithm; numbers past those of the accesses are points of lines."""

    def __init__(self, names: _Names, lines: Sequence[Sequence[_Point]]) -> None:
        size = len(names) + sum(map(len, lines))
        self._waits = [0] * size
        self._after: list[list[int]] = [[] for _ in range(size)]
        self._done = [False] * len(names)
        self._ready: list[int] = []
        newest: dict[TraceId, int] = {}
        for number, (trace_id, _) in enumerate(names):
            if trace_id in newest:
                self._link(newest[trace_id], number)
            newest[trace_id] = number
        begin = len(names)
        for line in lines:
            self._link_line(line, begin)
            begin += len(line)

    def _link_line(self, line: Sequence[_Point], begin: int) -> None:
        for node, point in enumerate(line, begin):
            if point.is_release:
                self._link(point.access, node)
            else:
                self._link(node, point.access)
        for node in range(begin, begin + len(line) - 1):
            self._link(node, node + 1)

    def _link(self, node: int, after: int) -> None:
        self._after[node].append(after)
        self._waits[after] += 1

    def order(self) -> Iterator[int]:
        """Yield the accesses. The earliest that is not done is always the next of its trace."""
        self._free([node for node, waits in enumerate(self._waits) if not waits])
        earliest = 0
        for _ in self._done:
            while self._done[earliest]:
                earliest += 1
            node = heappop(self._ready) if self._ready else earliest
            self._done[node] = True
            yield node
            self._free(self._freed_by(node))

    def _free(self, nodes: list[int]) -> None:
        """Take the points that wait for nothing, and put accesses among those that may come next."""
        while nodes:
            node = nodes.pop()
            if node >= len(self._done):
                nodes += self._freed_by(node)
            elif not self._done[node]:
                heappush(self._ready, node)

    def _freed_by(self, node: int) -> list[int]:
        freed: list[int] = []
        for after in self._after[node]:
            self._waits[after] -= 1
            if not self._waits[after]:
                freed.append(after)
        return freed
