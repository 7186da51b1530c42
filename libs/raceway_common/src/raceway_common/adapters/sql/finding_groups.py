"""Groups of finding entries, merged mostly by the database.

A fault that many traces show has an entry per trace, all of one fingerprint. Merging them as
`merge_findings` does needs sums and bounds, which the entries' columns give, and the best examples,
which are among the entries with the smallest `lead`; so a group costs a scan of small rows and a
handful of bodies, not all of them. Entries of runs are few, and are merged as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, and_, func, not_, select, true, tuple_
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from raceway_common.adapters.sql.finding_rows import GAP_BITS, Owner, strength
from raceway_common.database.statement import Statement
from raceway_common.packing import unpack_finding
from raceway_common.ports.finding_store import FindingCursor
from raceway_common.schema.tables import finding_entries
from raceway_core.finding import (
    MOST_EXAMPLES,
    Finding,
    PairCounts,
    Severity,
    Verdict,
    best_examples,
    merge_findings,
)

_BODIES = """select body from finding_entries join finding_bodies using (owner_kind, owner, place)
    where owner_kind = :kind and fingerprint = :fingerprint order by lead, owner"""
_BEST = Statement(f"{_BODIES} limit :most")
_OF_RUNS = Statement(_BODIES)
_SUMS = Statement(
    """select min(severity_rank) as severity_rank, min(is_across) as is_across, min(is_covered) as is_covered,
        min(first_ns) as first_ns, max(last_ns) as last_ns, sum(pairs) as pairs,
        sum(proven) as proven, sum(observed) as observed, sum(possible) as possible,
        sum(order_dependent) as order_dependent, sum(guarded) as guarded
    from finding_entries where owner_kind = :kind and fingerprint = :fingerprint
    group by verdict_rank order by verdict_rank"""
)
_TRACE_IDS = Statement(
    """select distinct trace_id from finding_entries join traces on traces.number = finding_entries.owner
    where owner_kind = :kind and fingerprint = :fingerprint order by trace_id"""
)
_ALIASES = Statement(
    "select alias from finding_aliases where fingerprint = :fingerprint and entries > 0 order by alias"
)
_NAMED = Statement(
    "select fingerprint from finding_aliases where alias = :alias and entries > 0 order by fingerprint"
)


_Columns: TypeAlias = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]


class _Sum:
    """The entries of one fingerprint and verdict, summed up from a row of `_SUMS`."""

    def __init__(self, row: Row[*tuple[Any, ...]]) -> None:
        self.severity_rank: int = row.severity_rank
        self.is_across = bool(row.is_across)
        self.is_covered = bool(row.is_covered)
        self.first_ns: int = row.first_ns
        self.last_ns: int = row.last_ns
        self.pairs = int(row.pairs)
        self.counts = PairCounts(*(int(getattr(row, name)) for name in PairCounts.__struct_fields__))


def page(limit: int, after: FindingCursor | None, connection: Connection, *, with_hidden: bool) -> list[str]:
    """Return the fingerprints of a page of groups, in the order of `Finding.sort_key`."""
    groups = _groups()
    nearest_ns = groups.strength % (1 << GAP_BITS)
    order = (groups.verdict_rank, groups.is_covered, groups.severity_rank, nearest_ns, groups.fingerprint)
    wanted = select(groups.fingerprint).where(_is_shown(groups, with_hidden=with_hidden))
    if after is not None:
        rank, is_covered, severity_rank, gap_ns, fingerprint = msgspec.structs.astuple(after)
        place = (rank, int(is_covered), severity_rank, strength(0, gap_ns), fingerprint)
        wanted = wanted.where(tuple_(*order) > tuple_(*place))
    return list(connection.execute(wanted.order_by(*order).limit(limit)).scalars())


def count(connection: Connection, *, with_hidden: bool) -> int:
    """Return how many groups there are."""
    groups = _groups()
    wanted = select(func.count(groups.fingerprint)).where(_is_shown(groups, with_hidden=with_hidden))
    return connection.execute(wanted).scalar_one()


def _groups() -> _Columns:
    entries = finding_entries.c
    group = select(
        entries.fingerprint,
        func.min(entries.verdict_rank).label("verdict_rank"),
        func.min(entries.is_covered).label("is_covered"),
        func.min(entries.severity_rank).label("severity_rank"),
        func.min(entries.is_across).label("is_across"),
        func.min(entries.strength).label("strength"),
    )
    return group.group_by(entries.fingerprint).subquery().c


def _is_shown(groups: _Columns, *, with_hidden: bool) -> ColumnElement[bool]:
    """Return what `not Finding.is_hidden` says, in SQL."""
    if with_hidden:
        return true()
    is_weak = groups.verdict_rank >= Verdict.POSSIBLE.rank
    is_noise = and_(groups.is_across != 0, is_weak)
    return and_(groups.verdict_rank < Verdict.GUARDED.rank, not_(is_noise))


def named(name: str, connection: Connection) -> list[str]:
    """Return `name` and the fingerprints of which it is an alias."""
    return [name, *_NAMED.run(connection, alias=name).scalars()]


def merged(fingerprints: Sequence[str], connection: Connection) -> list[Finding]:
    """Return the groups of fingerprints, in their order; those without entries are left out."""
    groups = (_group(fingerprint, connection) for fingerprint in fingerprints)
    return [group for group in groups if group is not None]


def _group(fingerprint: str, connection: Connection) -> Finding | None:
    of_runs = _OF_RUNS.run(connection, kind=int(Owner.RUN), fingerprint=fingerprint).scalars()
    parts = [unpack_finding(body) for body in of_runs]
    sums = [_Sum(row) for row in _SUMS.run(connection, kind=int(Owner.TRACE), fingerprint=fingerprint)]
    if sums:
        parts.append(_of_traces(fingerprint, sums, connection))
    return next(iter(merge_findings(parts)), None)


def _of_traces(fingerprint: str, sums: Sequence[_Sum], connection: Connection) -> Finding:
    """Return the merged entries of traces; `sums` are by verdict, strongest first."""
    kind = int(Owner.TRACE)
    bodies = _BEST.run(connection, kind=kind, fingerprint=fingerprint, most=MOST_EXAMPLES).scalars()
    best = [unpack_finding(body) for body in bodies]
    trace_ids = _TRACE_IDS.run(connection, kind=kind, fingerprint=fingerprint).scalars()
    return msgspec.structs.replace(
        best[0],
        severity=list(Severity)[min(part.severity_rank for part in sums)],
        pairs=sums[0].pairs,
        pairs_by_verdict=sum((part.counts for part in sums), PairCounts()),
        trace_ids=tuple(trace_ids),
        first_ns=min(part.first_ns for part in sums),
        last_ns=max(part.last_ns for part in sums),
        examples=best_examples(example for finding in best for example in finding.examples),
        across_traces=all(part.is_across for part in sums),
        uncovered=not all(part.is_covered for part in sums),
        aliases=tuple(_ALIASES.run(connection, fingerprint=fingerprint).scalars()),
    )
