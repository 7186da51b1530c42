"""The exemplars of a variable's windows (`raceway_core.across.exemplar`), found in an index.

A class is found from the one before it, and so many of its windows from either end: what was touched a
million times costs no more than what was touched ten times.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.ports.work_queue import RunClaim
from raceway_common.schema.keys import TOP_LEAD, key_of
from raceway_core.across.exemplar import MOST_CLASSES, MOST_EARLIEST
from raceway_core.event import TraceId
from raceway_core.result import Window

_CLASSES = Statement(
    """with recursive classes(place, variable_key, deeds, number) as (
        select r.place, r.variable_key, (
            select deeds from windows where variable_key = r.variable_key and deeds is not null
            order by deeds limit 1
        ), 1 from {rows}
        union all
        select place, variable_key, (
            select windows.deeds from windows
            where windows.variable_key = classes.variable_key and windows.deeds > classes.deeds
            order by windows.deeds limit 1
        ), number + 1 from classes where deeds is not null and number < :most
    )
    select place, variable_key, deeds from classes where deeds is not null""",
    place=INT,
    variable_key=BYTES,
)
_SHOWN = """
    select r.place, traces.trace_id, first_ns, last_ns, windows.body, turn, touches, windows.deeds
    from {rows} join windows on windows.variable_key = r.variable_key and windows.deeds = r.deeds and """
_OF_CLASS = "select lead from windows where variable_key = r.variable_key and deeds = r.deeds order by"
_WINDOWS = Statement(
    f"""{_SHOWN} windows.lead <= coalesce(({_OF_CLASS} lead limit 1 offset :others), :top)
    join traces on traces.number = windows.number
    union all
    {_SHOWN} windows.lead = ({_OF_CLASS} lead desc limit 1)
    join traces on traces.number = windows.number
    order by 1, 2""",
    place=INT,
    variable_key=BYTES,
    deeds=BYTES,
)


def exemplars(runs: Sequence[RunClaim], connection: Connection) -> Sequence[Sequence[tuple[TraceId, Window]]]:
    """Do what `TraceStore.exemplars` promises."""
    wanted = [(place, key_of(run.variable, run.scope)) for place, run in enumerate(runs)]
    classes = [tuple(row) for row in _CLASSES.run(connection, wanted, most=MOST_CLASSES)]
    found: list[dict[TraceId, Window]] = [{} for _ in runs]
    if classes:
        for place, trace_id, *written in _WINDOWS.run(
            connection, classes, others=MOST_EARLIEST - 1, top=TOP_LEAD
        ):
            run = runs[place]
            found[place][trace_id] = Window(run.variable, run.scope, *written)
    return [list(of_run.items()) for of_run in found]
