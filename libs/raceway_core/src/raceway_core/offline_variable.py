"""One variable of a file, without a server: what every trace did to it, to be told as a trail.

Each trace is analyzed as `raceway_core.offline` does, and what else it says is forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from raceway_core.analysis import analyze_trace
from raceway_core.event import Event, TraceId
from raceway_core.options import DEFAULTS, Options
from raceway_core.result import Window
from raceway_core.run import find_across_traces
from raceway_core.span import spans_of

TraceWindow: TypeAlias = tuple[TraceId, Window]


class NamedVariable(NamedTuple):
    """What touched the variables of one name, by scope key; `names` are those of all variables."""

    by_scope: Mapping[str, Sequence[TraceWindow]]
    names: frozenset[str]


def find_variable(
    events: Iterable[Event],
    name: str,
    options: Options = DEFAULTS,
    *,
    track: Callable[[Sequence[TraceId]], Iterable[TraceId]] = iter,
) -> NamedVariable:
    """Return the windows of a variable in all traces among `events`, in any order.

    `track` gives back the traces one by one, and so learns how far the work has come.
    """
    by_trace: defaultdict[TraceId, list[Event]] = defaultdict(list)
    for event in events:
        by_trace[event.trace_id].append(event)
    by_scope: defaultdict[str, list[TraceWindow]] = defaultdict(list)
    names: set[str] = set()
    for trace_id in track(sorted(by_trace)):
        for window in analyze_trace(trace_id, by_trace.pop(trace_id), options).windows:
            names.add(window.variable)
            if window.variable == name:
                by_scope[window.scope].append((trace_id, window))
    return NamedVariable(by_scope, frozenset(names))


def pairs_across(windows: Sequence[TraceWindow]) -> int:
    """Return how many pairs of accesses of different traces were proven or observed to race."""
    by_span: defaultdict[int, list[TraceWindow]] = defaultdict(list)
    for trace_window in windows:
        for span in spans_of(trace_window[1]):
            by_span[span].append(trace_window)
    counts = (
        finding.pairs_by_verdict
        for span, found in sorted(by_span.items())
        for finding in find_across_traces(span, found)
    )
    return sum(count.proven + count.observed for count in counts)
