"""Groups of finding entries: which there are, in which order, and under which names."""

from __future__ import annotations

from typing import Any, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, func, not_, select, true, tuple_
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.sql.elements import KeyedColumnElement

from raceway_common.adapters.sql.finding_rows import GAP_BITS, strength
from raceway_common.database.statement import Statement
from raceway_common.ports.finding_store import FindingCursor, Wanted
from raceway_common.schema.tables import finding_entries
from raceway_core.finding import Verdict

_NAMED = Statement(
    "select fingerprint from finding_aliases where alias = :alias and entries > 0 order by fingerprint"
)


_Columns: TypeAlias = ReadOnlyColumnCollection[str, KeyedColumnElement[Any]]


def page(limit: int, after: FindingCursor | None, wanted: Wanted, connection: Connection) -> list[str]:
    """Return the fingerprints of a page of groups, in the order of `Finding.sort_key`."""
    groups = _groups(wanted)
    nearest_ns = groups.strength % (1 << GAP_BITS)
    order = (groups.verdict_rank, groups.is_covered, groups.severity_rank, nearest_ns, groups.fingerprint)
    listed = select(groups.fingerprint).where(_is_wanted(groups, wanted))
    if after is not None:
        rank, is_covered, severity_rank, gap_ns, fingerprint = msgspec.structs.astuple(after)
        place = (rank, int(is_covered), severity_rank, strength(0, gap_ns), fingerprint)
        listed = listed.where(tuple_(*order) > tuple_(*place))
    return list(connection.execute(listed.order_by(*order).limit(limit)).scalars())


def count(wanted: Wanted, connection: Connection) -> int:
    """Return how many groups there are."""
    groups = _groups(wanted)
    listed = select(func.count(groups.fingerprint)).where(_is_wanted(groups, wanted))
    return connection.execute(listed).scalar_one()


def _groups(wanted: Wanted) -> _Columns:
    entries = finding_entries.c
    group = select(
        entries.fingerprint,
        func.min(entries.verdict_rank).label("verdict_rank"),
        func.min(entries.is_covered).label("is_covered"),
        func.min(entries.severity_rank).label("severity_rank"),
        func.min(entries.may_hide).label("may_hide"),
        func.min(entries.strength).label("strength"),
    ).group_by(entries.fingerprint)
    if wanted.kind is not None:  # any entry may be of it; `_is_wanted` looks at the one that leads
        kinds = finding_entries.alias()
        of_kind = select(kinds.c.fingerprint).where(kinds.c.kind == wanted.kind.value)
        group = group.where(entries.fingerprint.in_(of_kind))
    if wanted.since_ns is not None:
        group = group.having(func.max(entries.last_ns) >= wanted.since_ns)
    return group.subquery().c


def _is_wanted(groups: _Columns, wanted: Wanted) -> ColumnElement[bool]:
    conditions = [_is_shown(groups, with_hidden=wanted.with_hidden)]
    if wanted.kind is not None:
        conditions.append(_kind_of(groups) == wanted.kind.value)
    if wanted.verdict is not None:
        conditions.append(groups.verdict_rank == wanted.verdict.rank)
    return and_(*conditions)


def _kind_of(groups: _Columns) -> ScalarSelect[str]:
    """Return the kind of a group: that of the entry that speaks for it."""
    entries = finding_entries.alias().c
    leading = select(entries.kind).where(entries.fingerprint == groups.fingerprint)
    return leading.order_by(entries.lead, entries.kind).limit(1).scalar_subquery()


def _is_shown(groups: _Columns, *, with_hidden: bool) -> ColumnElement[bool]:
    """Return what `not Finding.is_hidden` says, in SQL."""
    if with_hidden:
        return true()
    is_weak = groups.verdict_rank >= Verdict.POSSIBLE.rank
    is_noise = and_(groups.may_hide != 0, is_weak)
    return and_(groups.verdict_rank < Verdict.GUARDED.rank, not_(is_noise))


def named(name: str, connection: Connection) -> list[str]:
    """Return `name` and the fingerprints of which it is an alias."""
    return [name, *_NAMED.run(connection, alias=name).scalars()]
