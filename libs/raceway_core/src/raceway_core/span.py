"""Spans of event time, at whose ends runs are cut (`raceway_core.run`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from raceway_core.event import TraceId
from raceway_core.result import Window

TraceWindow: TypeAlias = tuple[TraceId, Window]

SPAN_NS = 60_000_000_000
"""A run is cut at multiples of this event time, so that a hot variable stays bounded."""


def spans_of(window: Window) -> range:
    """Return the numbers of the spans that a window touches."""
    return range(window.first_ns // SPAN_NS, window.last_ns // SPAN_NS + 1)


def by_span(windows: Iterable[TraceWindow]) -> Mapping[int, Sequence[TraceWindow]]:
    """Return windows of one variable by the spans that they touch, in the order of spans."""
    found: defaultdict[int, list[TraceWindow]] = defaultdict(list)
    for trace_window in windows:
        for span in spans_of(trace_window[1]):
            found[span].append(trace_window)
    return dict(sorted(found.items()))
