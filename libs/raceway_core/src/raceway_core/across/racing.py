"""Which accesses of a run race with one of another trace: are in a pair that was observed.

A pair is observed if it conflicts, no lock is held at both, none was handed over between them, and the
two transactions were seen to overlap. What only may have been, because the two were near each other, is
noise here as it is in the list of findings.

Accesses are taken by the begin of their transactions, and those of one kind and lockset stand together,
for they conflict and are guarded alike. Whoever is known to race is asked only for the sake of those
that are not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from raceway_core.access import Access, is_conflict, transaction_key
from raceway_core.across.opened import OpenedWindows
from raceway_core.counting.reach import is_overlap
from raceway_core.event import AccessType, TraceId
from raceway_core.identity import Lock
from raceway_core.lockset import is_guarded

Name: TypeAlias = tuple[TraceId, int]
"""The trace of an access, and its place in its window."""


class _Kind(NamedTuple):
    access_type: AccessType
    lockset: tuple[Lock, ...]

    def may_race(self, other: _Kind) -> bool:
        return is_conflict(self.access_type, other.access_type) and not is_guarded(
            self.lockset, other.lockset
        )


class _Open:
    """The accesses of one kind whose transactions may still be under way."""

    def __init__(self) -> None:
        self.racing: list[Access] = []
        self.others: list[Access] = []


def racing_across(run: OpenedWindows) -> set[Name]:
    """Return the accesses that race with one of another trace.

    Time: O(k log k) for k accesses, and for each the unguarded conflicting ones that are under way at
    once with it and do not race with it.
    """
    return _Sweep(run).racing() if len(run.traces) > 1 else set()


class _Sweep:
    def __init__(self, run: OpenedWindows) -> None:
        self._run = run
        self._open: dict[_Kind, _Open] = {}
        self._racing: set[Name] = set()

    def racing(self) -> set[Name]:
        reaches = self._run.reaches
        for access in sorted(
            self._run.accesses, key=lambda access: reaches[transaction_key(access)].start_ns
        ):
            kind = _Kind(access.access_type, access.lockset)
            for other, group in self._open.items():
                if kind.may_race(other):
                    self._meet(access, group)
            mine = self._open.setdefault(kind, _Open())
            (mine.racing if _name(access) in self._racing else mine.others).append(access)
        return self._racing

    def _meet(self, access: Access, group: _Open) -> None:
        """Find with whom of a group an access races."""
        races = self._races_with(access)
        found = [one for one in group.others if races(one)]
        if found or (_name(access) not in self._racing and self._races_with_any(access, group)):
            self._racing.update(map(_name, (access, *found)))
        group.racing += found
        group.others = [
            one for one in self._under_way(group.others, access) if _name(one) not in self._racing
        ]

    def _races_with_any(self, access: Access, group: _Open) -> bool:
        """Whether it races with one that is known to race; the newest are the likeliest."""
        if any(map(self._races_with(access), reversed(group.racing))):
            return True
        group.racing = self._under_way(group.racing, access)
        return False

    def _under_way(self, members: list[Access], access: Access) -> list[Access]:
        reaches = self._run.reaches
        start_ns = reaches[transaction_key(access)].start_ns
        return [one for one in members if reaches[transaction_key(one)].end_ns > start_ns]

    def _races_with(self, access: Access) -> Callable[[Access], bool]:
        run = self._run
        reach = run.reaches[transaction_key(access)]

        def races(other: Access) -> bool:
            return (
                other.trace_id != access.trace_id
                and is_overlap(reach, run.reaches[transaction_key(other)])
                and not run.lock_order(access, other)
                and not run.lock_order(other, access)
            )

        return races


def _name(access: Access) -> Name:
    return (access.trace_id, access.number)
