"""The audit trail of a variable across traces, by pages, for `/api/v1/variables/{name}/audit-trail`.

A page needs the windows that reach into it and those that overlap what its transactions did, and nobody
knows before how many those are: it begins with some, and takes more where many are open at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from raceway_api.cursor import write_cursor
from raceway_api.deps import Deps
from raceway_api.stored import StoredTraces
from raceway_api.v1.variable import VariableItem, view_variable
from raceway_common.ports.trace_store import VariableRow
from raceway_common.schema.keys import key_of
from raceway_core.across.trail import Place, TrailPage, TrailPart, trail_of
from raceway_core.event import TraceId
from raceway_core.finding_view import AccessView, view_access
from raceway_core.time import LAST_NS

FEW_WINDOWS, MOST_WINDOWS = 500, 8000
_NEVER_NS = LAST_NS + 1


class TrailCursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: in which variable, at which access, and what was written last."""

    variable_key: bytes
    time_ns: int
    trace_id: TraceId
    number: int
    written: bytes


class TrailItem(msgspec.Struct, frozen=True, kw_only=True):
    """One access. `linked`: the one before is known to come before it, by what `edge` says.

    `edge` is `program order`, `happens before` or `lock`, or, without a link, `time` where one clock
    tells that the other was over before, else `concurrent`; empty for the first. `is_race` marks both
    partners of a race; `follows` is false where a value does not come from the write before it.
    """

    access: AccessView
    linked: bool
    edge: str
    is_race: bool
    follows: bool


class TrailView(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the trail of the variable of `scope`; `scopes` are all variables of that name.

    `is_cut` tells that more traces touched the variable at once than were looked at: then races may
    not be marked, or accesses not be listed.
    """

    variable: str
    scope: str | None
    scopes: list[VariableItem]
    accesses: list[TrailItem]
    is_cut: bool
    next_cursor: str | None


class Wanted(NamedTuple):
    """Which part of a trail to show: `from_ns` and `to_ns` inclusive, or what follows a cursor.

    `windows` is how many to take at first.
    """

    from_ns: int
    to_ns: int
    limit: int
    after: TrailCursor | None
    windows: int = FEW_WINDOWS

    def part(self, before_ns: int) -> TrailPart:
        """Return what of the trail is before a time."""
        if self.after is None:
            return TrailPart(Place(self.from_ns, TraceId(""), -1), before_ns, self.limit)
        _, *place, written = msgspec.structs.astuple(self.after)
        return TrailPart(Place(*place), before_ns, self.limit, written)


class _Read(NamedTuple):
    """A part of a trail as it was read: whether more follows, and whether some was left out."""

    page: TrailPage
    has_more: bool
    is_cut: bool


async def read_trail(
    deps: Deps, name: str, variable: VariableRow | None, wanted: Wanted, scopes: Sequence[VariableRow]
) -> TrailView:
    """Return a page of the trail of a variable, which may be unknown."""
    found = await _read(deps, variable, wanted) if variable else None
    cursor = _cursor(variable, found.page) if variable and found and found.has_more else None
    return TrailView(
        variable=name,
        scope=variable.scope if variable else None,
        scopes=[view_variable(row) for row in scopes],
        accesses=view_entries(found.page) if found else [],
        is_cut=bool(found and found.is_cut),
        next_cursor=cursor,
    )


async def _read(deps: Deps, variable: VariableRow, wanted: Wanted) -> _Read:
    """Read a part with all windows that its entries may race with; with fewer, if those are too many."""
    count, from_ns = wanted.windows, wanted.part(0).after.time_ns
    while True:
        windows, begin_ns = await deps.traces.variable_windows(
            variable.name, variable.scope, from_ns=from_ns, limit=count
        )
        left_ns = _NEVER_NS if begin_ns is None else begin_ns
        part = wanted.part(min(left_ns, wanted.to_ns + 1))
        page = await StoredTraces(deps).in_thread(trail_of, windows, part)
        is_over = left_ns > wanted.to_ns
        start_ns, end_ns = page.reach_ns
        is_whole = (start_ns >= from_ns and end_ns < left_ns) if page.entries else is_over
        if is_whole or count >= MOST_WINDOWS:
            return _Read(page, bool(page.entries) and (page.has_more or not is_over), not is_whole)
        from_ns = min(from_ns, start_ns) if page.entries else from_ns
        count *= 4


def view_entries(page: TrailPage) -> list[TrailItem]:
    """Return the entries of a page for a reader."""
    return [
        TrailItem(
            access=view_access(entry.access),
            linked=entry.linked,
            edge=entry.edge,
            is_race=entry.is_race,
            follows=entry.follows,
        )
        for entry in page.entries
    ]


def _cursor(variable: VariableRow, page: TrailPage) -> str:
    return write_cursor(TrailCursor(key_of(variable.name, variable.scope), *page.last, page.written))
