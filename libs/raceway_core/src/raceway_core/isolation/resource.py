"""The declared transactions of traces, checked by the resource that they name, usually a database.

Each resource promises a level of its own, and none promises anything of what transactions of two did
together. So those of one resource are a history, and what several prove is put side by side. Transactions
that name no resource are together as if they named one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from raceway_core.isolation.declared import check_parts
from raceway_core.isolation.history import Cut, Isolation
from raceway_core.isolation.level import Level, refuted_by
from raceway_core.isolation.part import DeclaredPart, DeclaredTrace, parts_of


def check_by_resource(traces: Iterable[DeclaredTrace]) -> Isolation:
    """Return what the declared transactions of some traces prove, in whatever order these come."""
    parts = (part for trace in traces for part in parts_of(trace))
    return merged([check_parts(found) for found in by_resource(parts).values()])


def by_resource(parts: Iterable[DeclaredPart]) -> Mapping[str, Sequence[DeclaredPart]]:
    """Return the parts of each resource, by name."""
    found: dict[str, list[DeclaredPart]] = {}
    for part in parts:
        found.setdefault(part.resource, []).append(part)
    return dict(sorted(found.items()))


def merged(found: Sequence[Isolation]) -> Isolation:
    """Return what several histories prove: each level that one refutes, each anomaly of each."""
    if len(found) == 1:
        return found[0]
    refuted = {word for one in found for word in one.refuted_levels}
    cut: dict[Cut, None] = dict.fromkeys(word for one in found for word in one.cut)
    return Isolation(
        sum(one.transactions for one in found),
        refuted_by(min((level for level in Level if level.word in refuted), default=None)),
        [anomaly for one in found for anomaly in one.anomalies],
        sorted({key for one in found for key in one.unrecoverable_keys}),
        tuple(cut),
    )
