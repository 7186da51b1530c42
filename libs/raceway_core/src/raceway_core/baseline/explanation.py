"""Explanations: of operations that took too long because one inside them did, only that one is told.

An operation is explained if it would have been normal without what those inside it, down to the next
that was too long, took beyond what was expected of them. Where these overlap in time only the longest
excess counts, and on one host none counts for longer than it ran inside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raceway_core.baseline.rule import Judgement, remains_anomalous
from raceway_core.graph.event_table import NONE
from raceway_core.measured import Measurement
from raceway_core.time import FIRST_NS


def explained(
    measurements: Sequence[Measurement], judgements: Mapping[int, Judgement], excess_ns: Mapping[int, int]
) -> set[int]:
    """Return which of the judged measurements of a trace are explained by others.

    `excess_ns` has those that took longer than expected, and by how much.

    Time: O(n log n).
    """
    found = set()
    nearest: dict[int, list[int]] = {}
    for number in range(len(measurements) - 1, -1, -1):
        measurement = measurements[number]
        below = nearest.pop(number, [])
        if below and number in judgements:
            saved_ns = _saved_ns(measurement, [(measurements[child], excess_ns[child]) for child in below])
            if not remains_anomalous(judgements[number], measurement.duration_ns - saved_ns):
                found.add(number)
        slow = [number] if number in excess_ns else below
        if slow and measurement.inside != NONE and measurement.delays:
            known = nearest.get(measurement.inside, [])
            few, many = sorted((known, slow), key=len)
            many.extend(few)
            nearest[measurement.inside] = many
    return found


def _saved_ns(outer: Measurement, children: Sequence[tuple[Measurement, int]]) -> int:
    """Return by how much `outer` would have been shorter, had its children taken what was expected."""
    saved, longest, until = 0, 0, FIRST_NS
    for child, excess in sorted(children, key=lambda item: item[0].begin_ns):
        if child.begin_ns >= until:
            saved, longest = saved + longest, 0
        longest = max(longest, _inside_ns(outer, child, excess))
        until = max(until, child.end_ns)
    return saved + longest


def _inside_ns(outer: Measurement, child: Measurement, excess: int) -> int:
    if outer.host != child.host or not outer.host:
        return excess
    overlap = min(outer.end_ns, child.end_ns) - max(outer.begin_ns, child.begin_ns)
    return max(0, min(excess, overlap))
