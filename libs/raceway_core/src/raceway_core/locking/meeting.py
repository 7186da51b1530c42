"""Meetings: moments at which several tasks could all stand at one of the events given for each.

Events that are pairwise concurrent are such a moment, as far as causes go. The meetings form a
lattice: from any choice of events there is one least meeting that is not before it, found by leaving
each event that happens before another. So all of them are reached from the least one.

Source: Garg & Waldecker 1994 (detection of weak conjunctive predicates).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence

from raceway_core.clock import Clocks

MOST_MEETINGS = 64
"""So many are tried of each group of tasks, the earliest first."""


def meetings(sequences: Sequence[Sequence[int]], clocks: Clocks) -> Iterator[tuple[int, ...]]:
    """Yield the meetings of some tasks, each given by events in program order; `MOST_MEETINGS` at most.

    Time: O(s² · n) for the first one or none, of s sequences with n events together.
    """
    least = _least((0,) * len(sequences), sequences, clocks)
    waiting = deque([] if least is None else [least])
    seen = set(waiting)
    while waiting:
        meeting = waiting.popleft()
        yield tuple(events[index] for events, index in zip(sequences, meeting, strict=True))
        for moved in range(len(sequences)):
            start = tuple(index + (number == moved) for number, index in enumerate(meeting))
            later = _least(start, sequences, clocks)
            if later is not None and later not in seen and len(seen) < MOST_MEETINGS:
                seen.add(later)
                waiting.append(later)


def _least(
    start: tuple[int, ...], sequences: Sequence[Sequence[int]], clocks: Clocks
) -> tuple[int, ...] | None:
    """Return the least meeting that is not before `start`, by index."""
    indices = list(start)
    unsure = set(range(len(sequences)))
    while unsure:
        first = unsure.pop()
        if indices[first] >= len(sequences[first]):
            return None
        event = sequences[first][indices[first]]
        for second, events in enumerate(sequences):
            if second == first or indices[second] >= len(events):
                continue
            other = events[indices[second]]
            if clocks.happens_before(other, event):
                indices[second] += 1
                unsure.add(second)
            elif clocks.happens_before(event, other):
                indices[first] += 1
                unsure.add(first)
                break
    return tuple(indices)
