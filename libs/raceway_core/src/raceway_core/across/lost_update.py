"""Lost updates across the traces of a run, counted where they cannot all be listed.

Where one order of the writes decides about the whole run (`raceway_core.across.order`), an update
loses exactly the writes between its read and its write. If each trace is one transaction with one
write, as requests are, two of them are a pair at most once, so pairs are counted by sorted search.
Transactions with several writes, and runs that several rules decide about, are listed pair by pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from raceway_core import write_order
from raceway_core.access import Access, Variable
from raceway_core.across.accesses import RunAccesses, program_order
from raceway_core.across.crowd import crowd_tallies, simple_shapes
from raceway_core.across.order import RunOrder, sole_order, updates_of
from raceway_core.grouping import Tally
from raceway_core.lost_update import LostUpdate, find_lost_updates, one_per_pair, overwritten_in
from raceway_core.lost_update_tally import lost_update_tallies


def run_lost_updates(run: RunAccesses, variable: Variable) -> list[Tally]:
    """Return the lost updates between different traces of a run, by the sides of their writes.

    Time: O(k log k) for traces of one write; else output counts too, as in `find_lost_updates`.
    """
    updates = updates_of(run)
    if not len(updates.writes):
        return []
    order = sole_order(run, variable, updates)
    if order is None:
        return _listed(run) if _may_be_listed(run, variable) else []
    is_simple = simple_shapes(run)[run.shape][run.trace]
    crowd = crowd_tallies(order.of(is_simple, is_simple), variable, run)
    return [*_rest(run, order, is_simple), *crowd]


def _may_be_listed(run: RunAccesses, variable: Variable) -> bool:
    """Whether anything but one order of all writes can prove a lost update (`raceway_core.lost_update`)."""
    has_versions = bool(run.is_versioned.any())
    is_shared = any(role.is_scope_declared for role in run.roles)
    return has_versions or (is_shared and not variable.scope_key.startswith("process:"))


def _listed(run: RunAccesses) -> list[Tally]:
    accesses = _committed(run)
    found = find_lost_updates(accesses, program_order)
    return lost_update_tallies(_across_traces(found, run), accesses)


def _rest(run: RunAccesses, order: RunOrder, is_simple: np.typing.NDArray[np.bool_]) -> list[Tally]:
    """Return the lost updates that are not between two simple traces."""
    if is_simple[order.writes].all():
        return []
    accesses, everybody = _committed(run), np.ones_like(is_simple)
    parts = (order.of(~is_simple, everybody), order.of(is_simple, ~is_simple))
    overwrites = chain.from_iterable(overwritten_in(part.listed(run)) for part in parts)
    found = one_per_pair(overwrites, write_order.updates_of(accesses))
    return lost_update_tallies(_across_traces(found, run), accesses)


def _committed(run: RunAccesses) -> list[Access]:
    return run.accesses(np.flatnonzero(run.is_committed).tolist())


def _across_traces(found: Sequence[LostUpdate], run: RunAccesses) -> Iterator[LostUpdate]:
    return (one for one in found if run.are_compared(one.update.write, one.lost))
