"""Lost updates across processes without versions: both read what one write alone has written.

Two processes have no common clock that the values could confirm. But where exactly one write of
the run, W, wrote the value that two updates read, W came before both reads (by happens-before, or
on one host's clock by more than its uncertainty), and no known write of another value came between
W and either of them, both updates started from W; so the later one overwrote the earlier one
without having seen it.

Only variables that the client declared to be shared are compared: what a process keeps in memory
under the same name as its neighbour is another variable.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from raceway_core.access import Access, Precedes
from raceway_core.counting.site import SAME_HOST_UNCERTAINTY_NS
from raceway_core.event import TraceId
from raceway_core.value import UNKNOWN, ValueKey
from raceway_core.write_order import Update


class SharedStart(NamedTuple):
    """Two updates of different processes that started from one write."""

    writer: Access
    first: Update
    second: Update


def shared_starts(
    accesses: Sequence[Access], updates: Sequence[Update], precedes: Precedes
) -> Iterator[SharedStart]:
    """Yield the pairs of updates that read what one write alone has written.

    Time: O(k log k + output) where few writes of a host fall between a write and its read.
    """
    eligible = [update for update in updates if _is_eligible(update.read)]
    if len({update.read.process for update in eligible}) < 2:
        return
    writers = _unique_writers(accesses)
    writes = _Writes(accesses, precedes)
    starts: dict[ValueKey, list[Update]] = {}
    for update in eligible:
        writer = writers.get(update.read.read)
        if writer is not None and writes.lead_to(writer, update.read):
            starts.setdefault(update.read.read, []).append(update)
    for value, group in starts.items():
        for first, second in combinations(group, 2):
            if first.write.process != second.write.process:
                yield SharedStart(writers[value], first, second)


def _is_eligible(read: Access) -> bool:
    is_shared = read.is_scope_declared and not read.variable.scope_key.startswith("process:")
    return is_shared and read.process.is_known and read.read != UNKNOWN


def _unique_writers(accesses: Sequence[Access]) -> dict[ValueKey, Access]:
    """Return by value the one write that wrote it; nothing if any write's value is unknown."""
    writes = [access for access in accesses if access.access_type.writes]
    times = Counter(write.written for write in writes)
    if UNKNOWN in times:
        return {}
    return {write.written: write for write in writes if times[write.written] == 1}


class _Writes:
    """The known writes, to be asked what lies between two accesses."""

    def __init__(self, accesses: Sequence[Access], precedes: Precedes) -> None:
        self._precedes = precedes
        self._by_host: dict[str, list[Access]] = {}
        self._by_trace: dict[TraceId, list[Access]] = {}
        for write in accesses:
            if write.access_type.writes:
                self._by_host.setdefault(write.host, []).append(write)
                self._by_trace.setdefault(write.trace_id, []).append(write)
        for group in self._by_host.values():
            group.sort(key=lambda write: write.start_ns)
        self._starts = {host: [w.start_ns for w in group] for host, group in self._by_host.items()}

    def lead_to(self, writer: Access, read: Access) -> bool:
        """Whether `writer` came before `read` and no other write is known to lie between."""
        return self._is_before(writer, read) and not any(
            write is not writer and self._is_before(writer, write) and self._is_before(write, read)
            for write in self._candidates(writer, read)
        )

    def _candidates(self, writer: Access, read: Access) -> Iterator[Access]:
        if writer.host == read.host and writer.host:
            starts = self._starts[writer.host]
            begin, end = bisect_left(starts, writer.start_ns), bisect_left(starts, read.start_ns)
            yield from self._by_host[writer.host][begin:end]
        for write in reversed(self._by_trace.get(read.trace_id, ())):
            if write is writer:
                break
            yield write

    def _is_before(self, first: Access, second: Access) -> bool:
        return self._precedes(first, second) or _ended_before(first, second)


def _ended_before(first: Access, second: Access) -> bool:
    """Whether one host's clock shows that the first access had ended when the second began."""
    if not first.host or first.host != second.host:
        return False
    is_one_process = first.process == second.process and first.process.is_known
    slack_ns = 0 if is_one_process else SAME_HOST_UNCERTAINTY_NS
    return first.end_ns + slack_ns < second.start_ns
