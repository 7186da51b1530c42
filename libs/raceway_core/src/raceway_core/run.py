"""Races and lost updates across traces: runs of overlapping windows of one variable."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.event import TraceId
from raceway_core.finding import Finding
from raceway_core.result import Window

SPAN_NS = 60_000_000_000
"""A run is cut at multiples of this event time, so that a hot variable stays bounded."""


def spans_of(window: Window) -> range:
    """Return the numbers of the spans that a window touches."""
    return range(window.first_ns // SPAN_NS, window.last_ns // SPAN_NS + 1)


def find_across_traces(span: int, windows: Sequence[tuple[TraceId, Window]]) -> list[Finding]:
    """Return the findings of one variable whose later window begins in `span`.

    `windows` are all windows of the variable that touch the span, in any order.
    """
    raise NotImplementedError
