"""Windows of traces, and the runs that their changes make due.

A run exists for each span in which a window of its variable begins, because a pair is counted where
the later of its two windows begins. A window that crosses into later spans also changes the runs
that exist there.

On Postgres two replicas may write windows of one variable at once. One that crosses spans must not
miss a run that the other is about to create: therefore a writer of crossing windows holds the
variables' rows alone, and writers of ordinary ones hold them together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.adapters.sql.run_rows import Change, mark_runs
from raceway_common.adapters.sql.variable_rows import add_variables, hold_variables
from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.schedule import Pace
from raceway_common.schema.keys import key_of
from raceway_core.result import Window
from raceway_core.span import spans_of
from raceway_core.turn import NO_TURN, PackedTurn

_OLD = Statement(
    """select windows.number, variable_key, first_span, last_span, first_ns, last_ns, body, turn
    from {rows} join windows on windows.number = r.number""",
    number=INT,
)
_REMOVE = Statement(
    """delete from windows
    where (number, variable_key) in (select number, variable_key from {rows})""",
    number=INT,
    variable_key=BYTES,
)
_ADD = Statement(
    """insert into windows (number, variable_key, first_span, last_span, first_ns, last_ns, body, turn)
    select number, variable_key, first_span, last_span, first_ns, last_ns, body, turn from {rows}""",
    number=INT,
    variable_key=BYTES,
    first_span=INT,
    last_span=INT,
    first_ns=INT,
    last_ns=INT,
    body=BYTES,
    turn=BYTES,
)


class WindowRow(NamedTuple):
    number: int
    variable_key: bytes
    first_span: int
    last_span: int
    first_ns: int
    last_ns: int
    body: bytes
    turn: PackedTurn

    @property
    def is_crossing(self) -> bool:
        return self.last_span > self.first_span


def replace_windows(
    connection: Connection,
    windows: Mapping[int, Sequence[Window]],
    *,
    known: Iterable[int],
    now_ns: int,
    pace: Pace,
) -> None:
    """Replace the windows of traces by number, and mark every run that this changes.

    `known` are the traces among them that may have windows already.
    """
    old = _read_old(connection, known)
    new = {_row_of(number, window) for number, group in windows.items() for window in group}
    gone, come = sorted(old - new), sorted(new - old)
    if gone:
        _REMOVE.run(connection, [row[:2] for row in gone])
    if come:
        _add_variables(connection, windows.values(), {row.variable_key for row in come})
    if gone or come:
        _hold_variables(connection, gone + come)
        if come:
            _ADD.run(connection, come)
        mark_runs(connection, _changes(gone, come), now_ns=now_ns, pace=pace.for_runs)


def _read_old(connection: Connection, known: Iterable[int]) -> set[WindowRow]:
    numbers = [(number,) for number in known]
    return {WindowRow(*row) for row in _OLD.run(connection, numbers)} if numbers else set()


def _row_of(number: int, window: Window) -> WindowRow:
    spans = spans_of(window)
    key = key_of(window.variable, window.scope)
    return WindowRow(
        number, key, spans[0], spans[-1], window.first_ns, window.last_ns, window.body, window.turn
    )


def _add_variables(connection: Connection, groups: Iterable[Sequence[Window]], wanted: set[bytes]) -> None:
    names = {(window.variable, window.scope) for group in groups for window in group}
    add_variables(connection, {key: pair for pair in names if (key := key_of(*pair)) in wanted})


def _hold_variables(connection: Connection, changed: Sequence[WindowRow]) -> None:
    is_crossing = any(row.is_crossing for row in changed)
    hold_variables(connection, (row.variable_key for row in changed), alone=is_crossing)


def _changes(gone: Iterable[WindowRow], come: Iterable[WindowRow]) -> Iterator[Change]:
    for row in gone:
        yield Change(row.variable_key, row.first_span, row.last_span, NO_TURN)
    for row in come:
        yield Change(row.variable_key, row.first_span, row.last_span, row.turn)
