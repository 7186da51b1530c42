"""Orders in which every event comes after its parent.

Stamps of one process can run backwards by microseconds, and those of two hosts by much more, so the
order of time alone may put a child before its parent.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import lt

from raceway_core.graph.event_table import NONE, EventTable


def parents_first(parents: Sequence[int]) -> Sequence[int]:
    """Return all events, each after its parent. `parents` has no cycle. Time: O(n)."""
    numbers = range(len(parents))
    if all(map(lt, parents, numbers)):
        return numbers
    done = bytearray(len(parents))
    order: list[int] = []
    for event in numbers:
        waiting = []
        ancestor = event
        while ancestor != NONE and not done[ancestor]:
            done[ancestor] = 1
            waiting.append(ancestor)
            ancestor = parents[ancestor]
        order.extend(reversed(waiting))
    return order


def start_order(table: EventTable) -> Sequence[int]:
    """Return all events, parents before their descendants, else by where they began.

    Of two that began together the longer comes first. Time: O(n log n).
    """
    numbers = range(len(table.parents))
    if not table.has_intervals and all(map(lt, table.parents, numbers)):
        return numbers
    begins, depths = list(table.begins), [0] * len(table.begins)
    for event in parents_first(table.parents):
        parent = table.parents[event]
        if parent != NONE:
            begins[event] = max(begins[event], begins[parent])
            depths[event] = depths[parent] + 1
    finishes = table.finishes
    return sorted(numbers, key=lambda event: (begins[event], depths[event], -finishes[event], event))
