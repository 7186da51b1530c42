"""The windows of one variable in the order of their begins, from some time on.

Windows are found by the spans of time that they touch (`raceway_core.span`): those that began in an
earlier span and reach into this one, those that begin in it, and later ones. Each of the three is
found in an index and limited, so that the cost does not depend on how long the variable has lived.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from raceway_common.database.statement import Statement
from raceway_common.schema.keys import key_of
from raceway_core.event import TraceId
from raceway_core.result import Window
from raceway_core.span import SPAN_NS

_EARLIEST = "order by first_span, first_ns, number limit :limit"
_FOUND = "select number, first_span, first_ns from windows where variable_key = :variable_key and"
_WINDOWS = Statement(
    f"""select traces.trace_id, windows.first_ns, last_ns, body, turn, touches from (
        select number, first_span, first_ns from (
            select * from (
                {_FOUND} first_span >= :span and last_ns >= :from_ns {_EARLIEST}
            ) as begun
            union all
            select * from (
                {_FOUND} last_span > first_span and last_span >= :span and first_span < :span
                    and last_ns >= :from_ns {_EARLIEST}
            ) as reaching
        ) as either {_EARLIEST}
    ) as found
    join windows on windows.number = found.number and windows.variable_key = :variable_key
    join traces on traces.number = windows.number
    order by windows.first_ns, windows.number"""  # noqa: S608 - ours
)


def windows_from(
    variable: str, scope: str, from_ns: int, limit: int, connection: Connection
) -> Sequence[tuple[TraceId, Window]]:
    """Return the windows that end at `from_ns` or later, at most `limit`."""
    rows = _WINDOWS.run(
        connection,
        variable_key=key_of(variable, scope),
        span=from_ns // SPAN_NS,
        from_ns=from_ns,
        limit=limit,
    )
    return [(trace_id, Window(variable, scope, *written)) for trace_id, *written in rows]
