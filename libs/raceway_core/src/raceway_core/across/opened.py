"""Windows that were opened as a whole, for what looks at their accesses one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import cached_property

from raceway_core.access import Access, TransactionKey
from raceway_core.across.handover import is_handed_over
from raceway_core.across.window import Opened
from raceway_core.counting.reach import Reach, reaches_of
from raceway_core.event import TraceId


class OpenedWindows:
    """Windows of one variable, by trace; the accesses of one stand in a linear extension."""

    def __init__(self, windows: Mapping[TraceId, Opened]) -> None:
        self._windows = windows

    @property
    def traces(self) -> Set[TraceId]:
        """The traces of the windows."""
        return self._windows.keys()

    @cached_property
    def accesses(self) -> Sequence[Access]:
        """The accesses of all windows."""
        return [access for trace_id in sorted(self._windows) for access in self._windows[trace_id].accesses]

    @cached_property
    def reaches(self) -> Mapping[TransactionKey, Reach]:
        """When each transaction touched the variable."""
        return reaches_of(self.accesses)

    def lock_order(self, first: Access, second: Access) -> bool:
        """Whether locks order two accesses of different traces: H, where C orders nothing."""
        one_process = first.process == second.process and first.process.is_known
        mine, theirs = (self._windows[one.trace_id].story(one.number) for one in (first, second))
        return is_handed_over(mine, theirs, one_process=one_process)
