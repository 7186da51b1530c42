"""Groups of finding entries, merged mostly by the database.

A fault that many traces show has an entry per trace, all of one fingerprint. Merging them as
`merge_findings` does needs sums and bounds, which the entries' columns give, and the best examples,
which are among the entries with the smallest `lead`; so a group costs a scan of small rows and a
handful of bodies, not all of them. Entries of runs are few, and are merged as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Connection, CursorResult, Row

from raceway_common.adapters.sql.finding_rows import Owner
from raceway_common.database.statement import TEXT, Statement, Values
from raceway_common.packing import unpack_finding
from raceway_core.finding import MOST_EXAMPLES, Finding, PairCounts, Severity, best_examples, merge_findings

Item = TypeVar("Item")

_TOP_LEAD = b"\xff"
"""Greater than any lead, whose first byte is a verdict's rank."""

_SEPARATOR = "\x1f"
"""No trace id has this character in it. A text per group is read sooner than a row per trace."""

_BODY = """(
    select body from finding_bodies as evidence
    where evidence.owner_kind = entry.owner_kind and evidence.owner = entry.owner
        and evidence.place = entry.place)"""

_OF_RUNS = Statement(
    f"""select r.fingerprint, {_BODY} from {{rows}}
    join finding_entries as entry on entry.fingerprint = r.fingerprint and entry.owner_kind = :kind""",  # noqa: S608 - ours
    fingerprint=TEXT,
)
_BEST = Statement(
    f"""select r.fingerprint, {_BODY} from {{rows}}
    join finding_entries as entry on entry.fingerprint = r.fingerprint and entry.owner_kind = :kind
        and entry.lead <= coalesce((
            select lead from finding_entries
            where fingerprint = r.fingerprint and owner_kind = :kind
            order by lead limit 1 offset :others
        ), :top)
    order by r.fingerprint, entry.lead""",  # noqa: S608 - ours
    fingerprint=TEXT,
)
_SUMS = Statement(
    """select r.fingerprint, min(severity_rank) as severity_rank,
        min(is_across) as is_across, min(is_covered) as is_covered,
        min(first_ns) as first_ns, max(last_ns) as last_ns, sum(pairs) as pairs,
        sum(proven) as proven, sum(observed) as observed, sum(possible) as possible,
        sum(order_dependent) as order_dependent, sum(guarded) as guarded
    from {rows}
    join finding_entries as entry on entry.fingerprint = r.fingerprint and entry.owner_kind = :kind
    group by r.fingerprint, verdict_rank order by r.fingerprint, verdict_rank""",
    fingerprint=TEXT,
)
_TRACE_IDS = Statement(
    """select r.fingerprint, {joined}(trace_id, :separator) from {rows}
    join finding_entries as entry on entry.fingerprint = r.fingerprint and entry.owner_kind = :kind
    join traces on traces.number = entry.owner
    group by r.fingerprint""",
    fingerprint=TEXT,
)
_ALIASES = Statement(
    """select r.fingerprint, alias from {rows}
    join finding_aliases on finding_aliases.fingerprint = r.fingerprint
    where entries > 0 order by alias""",
    fingerprint=TEXT,
)


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


def merged(fingerprints: Sequence[str], connection: Connection) -> list[Finding]:
    """Return the groups of fingerprints, in their order; those without entries are left out."""
    wanted = [(fingerprint,) for fingerprint in fingerprints]
    if not wanted:
        return []
    parts = _grouped(_OF_RUNS.run(connection, wanted, kind=int(Owner.RUN)), unpack_finding)
    for fingerprint, of_traces in _of_traces(wanted, connection):
        parts.setdefault(fingerprint, []).append(of_traces)
    return [finding for fingerprint in fingerprints for finding in merge_findings(parts.get(fingerprint, ()))]


def _of_traces(wanted: Sequence[Values], connection: Connection) -> Iterator[tuple[str, Finding]]:
    """Yield the merged entries of traces."""
    kind = int(Owner.TRACE)
    sums: dict[str, list[_Sum]] = {}
    for row in _SUMS.run(connection, wanted, kind=kind):
        sums.setdefault(row.fingerprint, []).append(_Sum(row))
    best = _grouped(
        _BEST.run(connection, wanted, kind=kind, others=MOST_EXAMPLES - 1, top=_TOP_LEAD), unpack_finding
    )
    trace_ids = _grouped(
        _TRACE_IDS.run(connection, wanted, kind=kind, separator=_SEPARATOR),
        lambda text: text.split(_SEPARATOR),
    )
    aliases = _grouped(_ALIASES.run(connection, wanted), str)
    for fingerprint, parts in sums.items():
        group = _sum_up(best[fingerprint], parts)
        yield (
            fingerprint,
            msgspec.structs.replace(
                group,
                trace_ids=tuple(sorted(set(trace_ids[fingerprint][0]))),
                aliases=tuple(aliases.get(fingerprint, ())),
            ),
        )


def _sum_up(best: Sequence[Finding], sums: Sequence[_Sum]) -> Finding:
    """Return the group whose best entries and sums, strongest verdict first, are given."""
    return msgspec.structs.replace(
        best[0],
        severity=list(Severity)[min(part.severity_rank for part in sums)],
        pairs=sums[0].pairs,
        pairs_by_verdict=sum((part.counts for part in sums), PairCounts()),
        first_ns=min(part.first_ns for part in sums),
        last_ns=max(part.last_ns for part in sums),
        examples=best_examples(example for finding in best for example in finding.examples),
        across_traces=all(part.is_across for part in sums),
        uncovered=not all(part.is_covered for part in sums),
    )


def _grouped(rows: CursorResult[*tuple[Any, ...]], read: Callable[[Any], Item]) -> dict[str, list[Item]]:
    """Return what the second column of `rows` holds, by the first, in their order."""
    groups: dict[str, list[Item]] = {}
    for fingerprint, value in rows:
        groups.setdefault(fingerprint, []).append(read(value))
    return groups
