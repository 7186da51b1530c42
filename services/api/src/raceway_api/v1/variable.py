"""Variables over all traces for `/api/v1/variables`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_api.cursor import write_cursor
from raceway_common.ports.trace_store import VariableCursor, VariableRow
from raceway_common.schema.keys import key_of


class VariableItem(msgspec.Struct, frozen=True, kw_only=True):
    """A variable. `race_pairs` race inside traces; `across_pairs` were proven or observed between them.

    `services` names the twenty that touched it in the most traces.
    """

    name: str
    scope: str
    trace_count: int
    accesses: int
    reads: int
    writes: int
    race_pairs: int
    across_pairs: int
    services: tuple[str, ...]


class VariableList(msgspec.Struct, frozen=True):
    """A page of variables; `next_cursor` is null on the last page."""

    variables: list[VariableItem]
    next_cursor: str | None


def view_variable(row: VariableRow) -> VariableItem:
    """Return one variable."""
    return VariableItem(**msgspec.structs.asdict(row))


def view_variables(rows: Sequence[VariableRow], *, limit: int) -> VariableList:
    """Return the first `limit` of `rows`; one more row says that there is another page."""
    shown = rows[:limit]
    cursor = write_cursor(_place_of(shown[-1])) if len(rows) > limit else None
    return VariableList([view_variable(row) for row in shown], cursor)


def _place_of(row: VariableRow) -> VariableCursor:
    return VariableCursor(row.raced, row.accesses, key_of(row.name, row.scope))
