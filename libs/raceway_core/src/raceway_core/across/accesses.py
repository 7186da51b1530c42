"""The accesses of one run: what its windows hold, seen as one history of one variable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cached_property

from raceway_core.access import Access, TransactionKey
from raceway_core.across.handover import LockStory, is_handed_over
from raceway_core.across.window import Opened
from raceway_core.counting.reach import Reach, reaches_of
from raceway_core.event import TraceId
from raceway_core.finding import AccessEvidence


class RunAccesses:
    """All accesses of a run; those of a trace stand together, in a linear extension.

    `new_traces` are the traces whose window begins in the span that is counted: of two windows the
    later one tells where their pairs are counted, so one of the two must be among them.
    """

    def __init__(self, windows: Mapping[TraceId, Opened], new_traces: Set[TraceId]) -> None:
        self.new_traces = new_traces
        self._windows = windows

    @property
    def traces(self) -> Set[TraceId]:
        """The traces of the windows."""
        return self._windows.keys()

    @property
    def windows(self) -> Sequence[Opened]:
        """The windows, in no order that matters."""
        return list(self._windows.values())

    @cached_property
    def accesses(self) -> Sequence[Access]:
        """The accesses of all traces."""
        return [access for trace_id in sorted(self._windows) for access in self._windows[trace_id].accesses]

    @cached_property
    def reaches(self) -> Mapping[TransactionKey, Reach]:
        """When each transaction touched the variable."""
        return reaches_of(self.accesses)

    def committed(self) -> list[Access]:
        """Return the accesses that are known to have taken effect."""
        return [one for one in self.accesses if self._windows[one.trace_id].is_committed(one.number)]

    def story(self, access: Access) -> LockStory:
        """Return what happened to the locks around an access."""
        return self._windows[access.trace_id].story(access.number)

    def evidence(self, access: Access) -> AccessEvidence:
        """Return an access as a reader needs to see it."""
        return self._windows[access.trace_id].evidence(access.number)

    def are_compared(self, first: Access, second: Access) -> bool:
        """Whether a pair is counted here: of two traces, one of which begins in this span."""
        is_new = first.trace_id in self.new_traces or second.trace_id in self.new_traces
        return is_new and first.trace_id != second.trace_id

    def lock_order(self, first: Access, second: Access) -> bool:
        """Whether locks order two accesses of different traces: H, where C orders nothing."""
        one_process = first.process == second.process and first.process.is_known
        return is_handed_over(self.story(first), self.story(second), one_process=one_process)


def unordered(first: Access, second: Access) -> bool:
    """Return that nothing is before anything: accesses of different traces have no causal link."""
    return False


def program_order(first: Access, second: Access) -> bool:
    """Tell for accesses of a run what is sure: a transaction runs on one chain, step by step."""
    one_transaction = first.trace_id == second.trace_id and first.transaction == second.transaction
    return one_transaction and first.number < second.number
