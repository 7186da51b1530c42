"""Spans of event time, at whose ends runs are cut (`raceway_core.run`)."""

from __future__ import annotations

from raceway_core.result import Window

SPAN_NS = 60_000_000_000
"""A run is cut at multiples of this event time, so that a hot variable stays bounded."""


def spans_of(window: Window) -> range:
    """Return the numbers of the spans that a window touches."""
    return range(window.first_ns // SPAN_NS, window.last_ns // SPAN_NS + 1)
