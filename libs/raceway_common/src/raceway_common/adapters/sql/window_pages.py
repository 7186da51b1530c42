"""The windows of one variable in the order of their begins, from some time on.

Windows are found by the spans of time that they touch (`raceway_core.span`): those that began in an
earlier span and reach into this one, those that begin in it, and later ones. Each of the three is
found in an index and limited, so that the cost does not depend on how long the variable has lived.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from sqlalchemy import Connection

from raceway_common.database.statement import INT, Statement
from raceway_common.schema.keys import key_of
from raceway_core.deed_key import NO_DEEDS
from raceway_core.event import TraceId
from raceway_core.result import Window
from raceway_core.span import SPAN_NS

MOST_BYTES = 32 * 2**20
"""Windows may hold any number of accesses; no more of them than that is read at once."""

_EARLIEST = "order by first_span, first_ns, number limit :limit"
_FOUND = (
    "select number, first_span, first_ns, length(body) as size from windows where variable_key = :key and"
)
_PLACES = Statement(
    f"""select number, first_ns, size from (
        select * from (
            {_FOUND} first_span >= :span and last_ns >= :from_ns {_EARLIEST}
        ) as begun
        union all
        select * from (
            {_FOUND} last_span > first_span and last_span >= :span and first_span < :span
                and last_ns >= :from_ns {_EARLIEST}
        ) as reaching
    ) as either {_EARLIEST}"""  # noqa: S608 - ours
)
_WINDOWS = Statement(
    """select traces.trace_id, windows.first_ns, last_ns, body, turn, touches,
        coalesce(deeds, :no_deeds)
    from {rows} join windows on windows.number = r.number and windows.variable_key = :key
    join traces on traces.number = windows.number
    order by windows.first_ns, windows.number""",
    number=INT,
)


def windows_from(
    variable: str, scope: str, from_ns: int, limit: int, connection: Connection
) -> tuple[Sequence[tuple[TraceId, Window]], int | None]:
    """Return the windows that end at `from_ns` or later, and when the first that is left out begins."""
    key = key_of(variable, scope)
    places = _PLACES.run(connection, key=key, span=from_ns // SPAN_NS, from_ns=from_ns, limit=limit + 1).all()
    sizes = accumulate(size for *_, size in places)
    few = sum(1 for size in sizes if size <= MOST_BYTES)
    taken = min(limit, max(few, 1))
    rows = _WINDOWS.run(connection, [(number,) for number, *_ in places[:taken]], key=key, no_deeds=NO_DEEDS)
    left_ns = places[taken][1] if len(places) > taken else None
    return [(trace_id, Window(variable, scope, *written)) for trace_id, *written in rows], left_ns
