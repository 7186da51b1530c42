"""Exemplars: the few windows that show what all windows of a variable ever did to it.

How often code ran does not matter for what it may lose, only that it ran. So of each class of windows by
deeds (`raceway_core.deed_key`) some stand for all: the earliest ones, and the latest one, which tells that
it still happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain

from raceway_core.deed_key import DeedKey, is_split
from raceway_core.event import TraceId
from raceway_core.result import Window

MOST_EARLIEST = 4
"""Of each class so many windows are exemplars, and the latest one."""

MOST_CLASSES = 200
"""So many classes of one variable have exemplars, those that may lose something first."""


def exemplars_of(windows: Mapping[TraceId, Window]) -> dict[TraceId, Window]:
    """Return the exemplars among windows of one variable; none where nothing can be lost.

    The exemplars of a set of windows that has all exemplars are the same ones. Time: O(k log k).
    """
    by_key: dict[DeedKey, list[tuple[int, TraceId]]] = {}
    for trace_id, window in windows.items():
        if window.deeds:
            by_key.setdefault(window.deeds, []).append((window.first_ns, trace_id))
    if not any(map(is_split, by_key)):
        return {}
    shown = chain.from_iterable(_shown(sorted(by_key[key])) for key in sorted(by_key)[:MOST_CLASSES])
    return {trace_id: windows[trace_id] for _, trace_id in shown}


def _shown(in_time: list[tuple[int, TraceId]]) -> list[tuple[int, TraceId]]:
    return in_time[:MOST_EARLIEST] + in_time[MOST_EARLIEST:][-1:]
