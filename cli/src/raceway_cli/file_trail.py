"""The audit trail of a variable in files, as a server tells it of the same events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from raceway_api.v1.trail import TrailView, view_entries
from raceway_api.v1.variable import view_variable
from raceway_common.ports.trace_store import VariableRow
from raceway_common.schema.keys import key_of
from raceway_core.across.trail import Place, TrailPart, trail_of
from raceway_core.errors import Rejected
from raceway_core.event import TraceId
from raceway_core.offline_variable import NamedVariable, pairs_across
from raceway_core.span import TraceWindow
from raceway_core.time import FIRST_NS, LAST_NS
from raceway_core.touch import unpack_touches

_MOST_NEAR = 10
_MOST_SERVICES = 20


class Audited(NamedTuple):
    """Which variable is asked for; without a scope the most accessed one of that name."""

    name: str
    scope: str | None = None


class FileTrail(NamedTuple):
    """The trail of a variable in files. Without wall times, not `has_time`, those shown mean nothing."""

    view: TrailView
    has_time: bool


def trail_in(found: NamedVariable, wanted: Audited) -> TrailView:
    """Return the whole trail of a variable.

    Raises:
        Rejected: There is none of that name or scope; the message names those that are near.
    """
    rows = sorted((_row(wanted.name, *each) for each in found.by_scope.items()), key=_most_accessed)
    if not rows:
        raise Rejected(_unknown(wanted.name, found.names))
    chosen = [row for row in rows if wanted.scope in {None, row.scope}]
    if not chosen:
        scopes = ", ".join(row.scope for row in rows)
        raise Rejected(f"no {wanted.name} has the scope {wanted.scope!r}; there are {scopes}")
    windows = found.by_scope[chosen[0].scope]
    accesses = sum(row.accesses for row in rows)
    part = TrailPart(Place(FIRST_NS, TraceId(""), -1), LAST_NS + 1, accesses)
    return TrailView(
        variable=wanted.name,
        scope=chosen[0].scope,
        scopes=[view_variable(row) for row in rows],
        accesses=view_entries(trail_of(windows, part)),
        is_cut=False,
        next_cursor=None,
    )


def _row(name: str, scope: str, windows: Sequence[TraceWindow]) -> VariableRow:
    """Return the sums of a variable, as a store keeps them."""
    touches = [unpack_touches(window.touches) for _, window in windows]
    services = Counter(
        service for touched in touches for service in touched.services or filter(None, (touched.owner,))
    )
    most = sorted(services, key=lambda service: (-services[service], service))[:_MOST_SERVICES]
    return VariableRow(
        name=name,
        scope=scope,
        trace_count=len(windows),
        accesses=sum(touched.accesses for touched in touches),
        reads=sum(touched.reads for touched in touches),
        writes=sum(touched.writes for touched in touches),
        race_pairs=sum(touched.race_pairs for touched in touches),
        across_pairs=pairs_across(windows),
        services=tuple(sorted(most)),
    )


def _most_accessed(row: VariableRow) -> tuple[int, int, int]:
    """Return what sorts variables as `VariableOrder.ACCESSED` does."""
    return (-row.accesses, -row.raced, -int.from_bytes(key_of(row.name, row.scope)))


def _unknown(name: str, names: Iterable[str]) -> str:
    known = sorted(names)
    near = _near(name, known)
    if near:
        return f"nothing touches {name!r}; near it are {', '.join(near)}"
    if known:
        more = f" and {len(known) - _MOST_NEAR:,} more" if len(known) > _MOST_NEAR else ""
        return f"nothing touches {name!r}; there are {', '.join(known[:_MOST_NEAR])}{more}"
    return f"nothing touches {name!r}, nor any other variable"


def _near(name: str, known: Sequence[str]) -> list[str]:
    """Return names that are written much alike, and those with this one in them, in any case."""
    folded = name.casefold()
    alike = get_close_matches(name, known, _MOST_NEAR)
    alike += [other for other in known if folded and folded in other.casefold()]
    return list(dict.fromkeys(alike))[:_MOST_NEAR]
