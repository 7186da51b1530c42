"""`/api/v1/variables`: what all traces touched, and how, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from raceway_api.answer import answer, encode, shows
from raceway_api.cursor import read_cursor
from raceway_api.deps import Given
from raceway_api.parameter import CursorText, Limit, VariableName, name_of, time_of, variable_named
from raceway_api.v1.trail import TrailCursor, TrailView, Wanted, read_trail
from raceway_api.v1.variable import VariableList, view_variables
from raceway_common.ports.trace_store import VariableCursor, VariableFilter, VariableOrder, VariableRow
from raceway_common.schema.keys import key_of
from raceway_common.web.error import AnyRequest
from raceway_core.errors import Rejected
from raceway_core.time import FIRST_NS, LAST_NS

MOST_SCOPES = 100

Text = Annotated[str | None, QueryParameter(description="Only names with this in them, in any case")]
Order = Annotated[VariableOrder, QueryParameter(description="What comes first: most raced, or most accessed")]
ScopeKey = Annotated[
    str | None, QueryParameter(name="scope", description="Which of the variables of that name")
]
From = Annotated[str | None, QueryParameter(name="from", description="RFC 3339, or nanoseconds")]
To = Annotated[str | None, QueryParameter(name="to", description="RFC 3339, or nanoseconds")]


@get(
    "/api/v1/variables",
    tags=["Variables v1"],
    summary="Variables over all traces, most raced or most accessed first",
    responses=shows(VariableList, 400),
)
async def list_variables(
    request: AnyRequest,
    deps: Given,
    *,
    limit: Limit = 50,
    cursor: CursorText = None,
    text: Text = None,
    order: Order = VariableOrder.RACED,
) -> Response[bytes]:
    after = read_cursor(cursor, VariableCursor) if cursor else None
    wanted = VariableFilter(text=None if text is None else name_of(text, "text"), order=order)
    rows = await deps.traces.variables(wanted, limit=limit + 1, after=after)
    return answer(request, encode(view_variables(rows, limit=limit)))


@get(
    "/api/v1/variables/{name:str}/audit-trail",
    tags=["Variables v1"],
    summary="The accesses of all traces to one variable, step by step",
    responses=shows(TrailView, 400),
)
async def get_audit_trail(
    request: AnyRequest,
    deps: Given,
    name: VariableName,
    *,
    scope_key: ScopeKey = None,
    from_time: From = None,
    to_time: To = None,
    limit: Limit = 200,
    cursor: CursorText = None,
) -> Response[bytes]:
    variable = variable_named(request)
    after = read_cursor(cursor, TrailCursor) if cursor else None
    wanted = Wanted(
        FIRST_NS if from_time is None else time_of(from_time, "from"),
        LAST_NS if to_time is None else time_of(to_time, "to"),
        limit,
        after,
    )
    by_name = VariableFilter(name=variable, order=VariableOrder.ACCESSED)
    scopes = await deps.traces.variables(by_name, limit=MOST_SCOPES, after=None)
    view = await read_trail(deps, variable, _chosen(scopes, scope_key, after), wanted, scopes)
    return answer(request, encode(view))


def _chosen(
    scopes: Sequence[VariableRow], scope_key: str | None, after: TrailCursor | None
) -> VariableRow | None:
    """Return the variable of a scope, else that of a cursor, else the most accessed one.

    Raises:
        Rejected: The cursor is of another variable.
    """
    asked = [row for row in scopes if scope_key in {None, row.scope}]
    if after is None:
        return asked[0] if asked else None
    chosen = [row for row in asked if key_of(row.name, row.scope) == after.variable_key]
    if not chosen:
        raise Rejected("cursor: it belongs to the trail of another variable")
    return chosen[0]


HANDLERS = (list_variables, get_audit_trail)
