"""Events that a client could not send, as it told of them with later events of the trace.

The tag `raceway.lost` of an event is a JSON object from tasks of the event's own process to
`[events, highest]`: how many events of the task were lost since the last tag, and the highest place
among them. So a clock that names a place which nobody has is told from one that is wrong. A tag that
cannot be read says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple, TypeAlias

import msgspec

from raceway_core.event import LOST_TAG
from raceway_core.graph.event_table import EventTable

MOST = 2**53
"""No count is higher, in a tag or in a sum of them."""

_Tag: TypeAlias = dict[
    str, tuple[Annotated[int, msgspec.Meta(ge=1, lt=MOST)], Annotated[int, msgspec.Meta(ge=0, lt=MOST)]]
]
_decoder = msgspec.json.Decoder(_Tag)


class Lost(NamedTuple):
    """What one chain lost, by all tags together."""

    events: int = 0
    highest: int = 0

    def end(self, received: int) -> int:
        """Return the last place that the chain may have had, where `received` is the last that came."""
        return max(received + self.events, self.highest)


def lost_of(table: EventTable) -> Mapping[str, Lost]:
    """Return by component what was lost. Time: O(n)."""
    found: dict[str, Lost] = {}
    for number, event in enumerate(table.events):
        tags = event.metadata.tags
        if tags and LOST_TAG in tags:
            process = table.strands[table.strand_of[number]].process
            for task, (events, highest) in _read(tags[LOST_TAG]).items():
                component = f"{process.service}#{process.instance}#{task}"
                known = found.get(component, Lost())
                found[component] = Lost(known.events + events, max(known.highest, highest))
    return found


def count_of(lost: Iterable[Lost]) -> int:
    """Return how many events were lost."""
    return min(sum(each.events for each in lost), MOST)


def _read(tag: str) -> _Tag:
    try:
        return _decoder.decode(tag)
    except (msgspec.MsgspecError, ValueError):
        return {}
