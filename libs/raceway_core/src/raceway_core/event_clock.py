"""Vector clocks of single events, for a reader who asks about a window of a large trace.

Results keep the clocks of small traces only (`raceway_core.result.MOST_CLOCKS`): of large ones they
would be larger than the events. Whoever looks at a few events has their clocks computed then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import Event, EventId


def clocks_shown(
    events: Sequence[Event], wanted: Iterable[EventId]
) -> Mapping[EventId, tuple[tuple[str, int], ...]]:
    """Return the clocks of the `wanted` among all `events` of one trace, as pairs of component and n.

    Time: that of `build_graph` and `clocks_of` on the whole trace.
    """
    graph = build_graph(events)
    clocks = clocks_of(graph)
    return {event_id: clocks.shown(graph.number_of[event_id]) for event_id in wanted}
