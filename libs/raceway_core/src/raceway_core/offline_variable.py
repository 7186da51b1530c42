"""One variable of a file, without a server: what every trace did to it, to be told as a trail.

Each trace is analyzed as `raceway_core.offline` does, and what else it says is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from raceway_core.analysis import analyze_trace
from raceway_core.event import Event
from raceway_core.offline import Track, traces_of
from raceway_core.options import DEFAULTS, Options
from raceway_core.run import find_across_traces
from raceway_core.span import TraceWindow, by_span


class NamedVariable(NamedTuple):
    """What touched the variables of one name, by scope key; `names` are those of all variables."""

    by_scope: Mapping[str, Sequence[TraceWindow]]
    names: frozenset[str]


def find_variable(
    events: Iterable[Event], name: str, options: Options = DEFAULTS, *, track: Track = iter
) -> NamedVariable:
    """Return the windows of a variable in all traces among `events`, in any order."""
    by_scope: defaultdict[str, list[TraceWindow]] = defaultdict(list)
    names: set[str] = set()
    for trace_id, of_trace in traces_of(events, track):
        for window in analyze_trace(trace_id, of_trace, options).windows:
            names.add(window.variable)
            if window.variable == name:
                by_scope[window.scope].append((trace_id, window))
    return NamedVariable(by_scope, frozenset(names))


def pairs_across(windows: Sequence[TraceWindow]) -> int:
    """Return how many pairs of accesses of different traces were proven or observed to race."""
    counts = (
        finding.pairs_by_verdict
        for span, found in by_span(windows).items()
        for finding in find_across_traces(span, found)
    )
    return sum(count.proven + count.observed for count in counts)
