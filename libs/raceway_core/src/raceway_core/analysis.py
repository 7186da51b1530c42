"""One trace, analyzed: events in, everything that is stored about the trace out."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.event import Event, TraceId
from raceway_core.options import DEFAULTS, Options
from raceway_core.result import TraceResult


def analyze_trace(trace_id: TraceId, events: Sequence[Event], options: Options = DEFAULTS) -> TraceResult:
    """Return the result of a trace. It depends on the set of `events` only, never on their order."""
    raise NotImplementedError
