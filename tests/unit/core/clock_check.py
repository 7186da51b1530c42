"""What clocks say, against clocks of the same graph that are kept otherwise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from raceway_core.causal_graph import CausalGraph
from raceway_core.clock import Clocks
from raceway_core.order_count import pair_counts


def assert_same(graph: CausalGraph, dicts: Clocks, others: Clocks) -> None:
    """Check everything that clocks answer against those of `dicts`."""
    numbers = range(len(graph.events))
    assert not others.is_too_wide
    assert (others.lane, others.position, others.components) == (dicts.lane, dicts.position, dicts.components)
    for event in numbers:
        assert others.known(event) == dicts.known(event)
        assert _without_own(others, event) == _without_own(dicts, event)
        assert others.shown(event) == dicts.shown(event)
        assert len(others.clock[event]) == len(list(others.clock[event]))
    for event in reversed(numbers):
        assert [others.happens_before(event, other) for other in numbers] == [
            dicts.happens_before(event, other) for other in numbers
        ]
    assert [column.tolist() for column in _entries(others)] == [column.tolist() for column in _entries(dicts)]
    assert np.array_equal(_table(others), _table(dicts))
    assert pair_counts(graph, others) == pair_counts(graph, dicts)


def _without_own(clocks: Clocks, event: int) -> dict[int, int]:
    return {lane: known for lane, known in clocks.clock[event].items() if lane != clocks.lane[event]}


def _entries(clocks: Clocks) -> list[npt.NDArray[np.int64]]:
    columns = clocks.entries(range(len(clocks.lane)))
    order = np.lexsort((columns[1], columns[0]))
    return [column[order] for column in columns]


def _table(clocks: Clocks) -> npt.NDArray[np.int64]:
    """What all events know of every other lane and, in the end, of the first one again, without their own."""
    lanes = [*range(1, clocks.width, 2), 0, 0]
    known, row_of = clocks.rows(range(len(clocks.lane)), lanes)
    table = known[row_of]
    table[np.array(clocks.lane)[:, np.newaxis] == np.array(lanes)] = 0
    return table
