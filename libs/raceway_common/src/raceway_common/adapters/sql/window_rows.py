"""Windows of traces, and the runs that their changes make due.

A run exists for each span in which a window of its variable begins, because a pair is counted where
the later of its two windows begins. A window that crosses into later spans also changes the runs
that exist there.

On Postgres two replicas may write windows of one variable at once. One that crosses spans must not
miss a run that the other is about to create: therefore a writer of crossing windows holds the
variables' rows alone, and writers of ordinary ones hold them together.

The run over all time of a variable (`EVER`) exists once the variable is split: once a window came that may
lose something (`raceway_core.deed_key`). The writer of the first one holds the variable alone, so that
others either have written before, and are read with it, or know that it is split.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.adapters.sql.run_rows import Change, mark_runs
from raceway_common.adapters.sql.variable_rows import (
    Named,
    add_variables,
    hold_variables,
    known_variables,
    split_variables,
)
from raceway_common.database.statement import BYTES, INT, Statement
from raceway_common.schedule import Pace
from raceway_common.schema.keys import key_of, lead_of
from raceway_core.deed_key import DeedKey, is_split
from raceway_core.event import TraceId
from raceway_core.result import Window
from raceway_core.span import spans_of
from raceway_core.touch import PackedTouches, unpack_touches
from raceway_core.turn import NO_TURN, PackedTurn

_OLD = Statement(
    """select windows.number, variable_key, first_span, last_span, first_ns, last_ns, body, turn,
        touches, deeds, lead
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
    """insert into windows (
        number, variable_key, first_span, last_span, first_ns, last_ns, body, turn, touches, deeds, lead
    )
    select number, variable_key, first_span, last_span, first_ns, last_ns, body, turn, touches, deeds, lead
    from {rows}""",
    number=INT,
    variable_key=BYTES,
    first_span=INT,
    last_span=INT,
    first_ns=INT,
    last_ns=INT,
    body=BYTES,
    turn=BYTES,
    touches=BYTES,
    deeds=BYTES,
    lead=BYTES,
)


class WindowRow(NamedTuple):
    """`deeds` is None of a window without any; else `lead` orders those of one class for exemplars."""

    number: int
    variable_key: bytes
    first_span: int
    last_span: int
    first_ns: int
    last_ns: int
    body: bytes
    turn: PackedTurn
    touches: PackedTouches
    deeds: DeedKey | None
    lead: bytes | None

    @property
    def is_crossing(self) -> bool:
        return self.last_span > self.first_span

    @property
    def is_split(self) -> bool:
        return self.deeds is not None and is_split(self.deeds)


class Windows(NamedTuple):
    """What a trace leaves."""

    trace_id: TraceId
    windows: Sequence[Window]


class Replaced(NamedTuple):
    """The windows that went, and those that came in their place."""

    gone: Sequence[WindowRow]
    come: Sequence[WindowRow]


def replace_windows(
    connection: Connection, traces: Mapping[int, Windows], *, known: Iterable[int], now_ns: int, pace: Pace
) -> Replaced:
    """Replace the windows of traces by number, and mark every run that this changes.

    `known` are the traces among them that may have windows already.
    """
    old = _read_old(connection, known)
    new = {_row_of(number, it.trace_id, window) for number, it in traces.items() for window in it.windows}
    gone, come = sorted(old - new), sorted(new - old)
    if gone:
        _REMOVE.run(connection, [row[:2] for row in gone])
    if gone or come:
        split = _hold_variables(connection, traces.values(), gone, come)
        if come:
            _ADD.run(connection, come)
        deeds = Counter(row.variable_key for row in gone + come if row.deeds and row.variable_key in split)
        mark_runs(connection, _changes(gone, come), deeds, now_ns=now_ns, pace=pace.for_runs)
    return Replaced(gone, come)


def _read_old(connection: Connection, known: Iterable[int]) -> set[WindowRow]:
    numbers = [(number,) for number in known]
    return {WindowRow(*row) for row in _OLD.run(connection, numbers)} if numbers else set()


def _row_of(number: int, trace_id: TraceId, window: Window) -> WindowRow:
    spans = spans_of(window)
    return WindowRow(
        number,
        key_of(window.variable, window.scope),
        spans[0],
        spans[-1],
        window.first_ns,
        window.last_ns,
        window.body,
        window.turn,
        window.touches,
        window.deeds or None,
        lead_of(window.first_ns, trace_id) if window.deeds else None,
    )


def _hold_variables(
    connection: Connection, traces: Iterable[Windows], gone: Sequence[WindowRow], come: Sequence[WindowRow]
) -> set[bytes]:
    """Hold the variables of changed windows, new ones added, and return those that are split by now."""
    known = known_variables(connection, (row.variable_key for row in come)) if come else {}
    if new := {row.variable_key for row in come} - known.keys():
        windows = {key_of(window.variable, window.scope): window for it in traces for window in it.windows}
        add_variables(connection, {key: _named(windows[key]) for key in new})
    may_split = any(row.is_split and not known.get(row.variable_key) for row in come)
    changed = [*gone, *come]
    alone = may_split or any(row.is_crossing for row in changed)
    split = hold_variables(connection, (row.variable_key for row in changed), alone=alone)
    if fresh := {row.variable_key for row in come if row.is_split} - split:
        split_variables(connection, fresh)
    return split | fresh


def _named(window: Window) -> Named:
    return Named(window.variable, window.scope, unpack_touches(window.touches).owner or None)


def _changes(gone: Iterable[WindowRow], come: Iterable[WindowRow]) -> Iterator[Change]:
    for row in gone:
        yield Change(row.variable_key, row.first_span, row.last_span, NO_TURN)
    for row in come:
        yield Change(row.variable_key, row.first_span, row.last_span, row.turn)
