"""Rows of finding entries, written with the trace or the run that owns them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, TEXT, Kind, Scalar, Statement
from raceway_common.ports.finding_store import FindingEntry


class Owner(IntEnum):
    """Whose number `owner` is."""

    TRACE = 0
    RUN = 1


_PLACE: Mapping[str, Kind] = {"owner_kind": INT, "owner": INT, "place": INT}
_COLUMNS: Mapping[str, Kind] = {
    **_PLACE,
    "fingerprint": TEXT,
    "kind": TEXT,
    "verdict_rank": INT,
    "severity_rank": INT,
    "is_across": INT,
    "may_hide": INT,
    "is_covered": INT,
    "strength": INT,
    "pairs": INT,
    "proven": INT,
    "observed": INT,
    "possible": INT,
    "order_dependent": INT,
    "guarded": INT,
    "first_ns": INT,
    "last_ns": INT,
    "lead": BYTES,
    "aliases": BYTES,
}
_NAMES = ", ".join(_COLUMNS)

_REMOVE = Statement(
    """delete from finding_entries where owner_kind = :kind and owner in (select owner from {rows})
    returning fingerprint, aliases""",
    owner=INT,
)
_REMOVE_BODIES = Statement(
    "delete from finding_bodies where owner_kind = :kind and owner in (select owner from {rows})", owner=INT
)
_ADD = Statement(f"insert into finding_entries ({_NAMES}) select {_NAMES} from {{rows}}", **_COLUMNS)  # noqa: S608 - the names are ours
_ADD_BODIES = Statement(
    """insert into finding_bodies (owner_kind, owner, place, body)
    select owner_kind, owner, place, body from {rows}""",
    **_PLACE,
    body=BYTES,
)
_COUNT_ALIASES = Statement(
    """insert into finding_aliases (alias, fingerprint, entries)
    select alias, fingerprint, entries from {rows} where true
    on conflict (alias, fingerprint) do update set entries = finding_aliases.entries + excluded.entries""",
    alias=TEXT,
    fingerprint=TEXT,
    entries=INT,
)
_COUNT_VERSION = Statement(
    """insert into finding_version (id, version) values (1, 1)
    on conflict (id) do update set version = finding_version.version + 1"""
)

GAP_BITS = 58
"""Gaps beyond 2^58 ns, nine years, rank alike."""

_encoder = msgspec.msgpack.Encoder()
_aliases = msgspec.msgpack.Decoder(tuple[str, ...])


class Change(NamedTuple):
    """What a replacement did to everybody's rows, to be counted last (`count_change`)."""

    is_any: bool
    aliases: Mapping[tuple[str, str], int]


def strength(verdict_rank: int, nearest_ns: int) -> int:
    """Return a number that orders by verdict, then by gap."""
    return (verdict_rank << GAP_BITS) + min(max(nearest_ns, 0), (1 << GAP_BITS) - 1)


def replace_entries(
    connection: Connection,
    kind: Owner,
    entries: Mapping[int, Sequence[FindingEntry]],
    *,
    known: Sequence[int],
) -> Change:
    """Replace the entries of owners by number. `known` are the owners that may have some already."""
    counts: dict[tuple[str, str], int] = {}
    removed = _remove(connection, kind, known)
    for fingerprint, alias in removed:
        _count(counts, _aliases.decode(alias), fingerprint, -1)
    rows: list[tuple[Scalar, ...]] = []
    bodies: list[tuple[Scalar, ...]] = []
    for place, entry in _placed(kind, entries):
        rows.append((*place, *_values_of(entry)))
        bodies.append((*place, entry.body))
        _count(counts, entry.aliases, entry.fingerprint, 1)
    if rows:
        _ADD.run(connection, rows)
        _ADD_BODIES.run(connection, bodies)
    return Change(bool(rows or removed), {pair: count for pair, count in counts.items() if count})


def count_change(connection: Connection, change: Change) -> None:
    """Count what `replace_entries` did. Call it last: the rows are everybody's."""
    if change.aliases:
        _COUNT_ALIASES.run(connection, sorted((*pair, count) for pair, count in change.aliases.items()))
    if change.is_any:
        _COUNT_VERSION.run(connection)


def _remove(connection: Connection, kind: Owner, owners: Sequence[int]) -> list[tuple[str, bytes]]:
    numbers = [(owner,) for owner in owners]
    if not numbers:
        return []
    removed = [(row[0], row[1]) for row in _REMOVE.run(connection, numbers, kind=int(kind))]
    if removed:
        _REMOVE_BODIES.run(connection, numbers, kind=int(kind))
    return removed


def _placed(
    kind: Owner, entries: Mapping[int, Sequence[FindingEntry]]
) -> Iterator[tuple[tuple[int, int, int], FindingEntry]]:
    for owner, group in entries.items():
        for place, entry in enumerate(group):
            yield (int(kind), owner, place), entry


def _count(counts: dict[tuple[str, str], int], aliases: Sequence[str], fingerprint: str, by: int) -> None:
    for alias in aliases:
        counts[alias, fingerprint] = counts.get((alias, fingerprint), 0) + by


def _values_of(entry: FindingEntry) -> tuple[Scalar, ...]:
    return (
        entry.fingerprint,
        entry.kind.value,
        entry.verdict_rank,
        entry.severity_rank,
        int(entry.across_traces),
        int(entry.may_hide),
        int(not entry.uncovered),
        strength(entry.verdict_rank, entry.nearest_ns),
        entry.pairs,
        *msgspec.structs.astuple(entry.pairs_by_verdict),
        entry.first_ns,
        entry.last_ns,
        entry.lead,
        _encoder.encode(entry.aliases),
    )
