"""Notes: what was odd about traces, or left out of their results, so that nothing is missing silently."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from raceway_core.result import TraceSummary

MEANINGS: Final[Mapping[str, str]] = {
    "conflicting_duplicate": "ids came with different content; one of each counts",
    "missing_parent": "parents are not among the events, so what they caused begins without a cause",
    "missing_component": "clocks name processes that sent no event",
    "events_lost": "clients told of events that they could not send",
    "linear_parents": "one line of parents over several threads, so what was parallel in it is not seen",
    "too_wide": "more ran at once than clocks are kept for, so counts of races are lower bounds",
    "locksets_cut": "more locks were held at once than are kept, so what others protect looks unprotected",
    "findings_cut": "more findings than are shown of one trace",
    "predicted_cut": "the search for predicted lost updates was cut short",
    "deadlocks_cut": "the search for deadlocks was cut short",
    "lock_orders_cut": "more orders of locks than are compared with other traces",
}
"""By kind, as far as there is more to say. Searches that were cut and `too_wide` count once a trace."""


class Note(msgspec.Struct, frozen=True):
    """Something that was noted `count` times, in so many traces."""

    kind: str
    count: int
    traces: int
    meaning: str


def notes_of(summaries: Iterable[TraceSummary]) -> list[Note]:
    """Return what was noted of some traces, by kind."""
    counts: defaultdict[str, list[int]] = defaultdict(list)
    for summary in summaries:
        for kind, count in summary.notes.items():
            counts[kind].append(count)
        if summary.missing_parents:
            counts["missing_parent"].append(summary.missing_parents)
    return [Note(kind, sum(each), len(each), MEANINGS.get(kind, "")) for kind, each in sorted(counts.items())]
