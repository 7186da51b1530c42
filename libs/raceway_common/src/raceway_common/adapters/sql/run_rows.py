"""Runs as windows come and go: which of them must be counted again, and which need not.

A run is due when its windows changed, unless there is nothing to find: it has a single window, or
its windows follow one another in turns (`raceway_core.turn`) and what came follows them too. Such a
run is current without anybody having looked at it. `turn` is that of all its windows, if they have
one; it is null while the run is due.

A variable's run over all time is due with each change: few variables have one, and it is counted from few
windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection

from raceway_common.adapters.sql.work import RUNS, Grown, Locked
from raceway_common.database.statement import BYTES, INT, Scalar, Statement
from raceway_common.ports.work_queue import EVER, LOCKS_SPAN
from raceway_common.schedule import Pace
from raceway_core.turn import NO_TURN, PackedTurn, follow

_BETWEEN = Statement(
    """select distinct runs.variable_key, runs.span from {rows} join runs
    on runs.variable_key = r.variable_key and runs.span between r.first_span and r.last_span""",
    variable_key=BYTES,
    first_span=INT,
    last_span=INT,
)
_CROSSED = Statement(
    """select distinct r.variable_key, r.span from {rows} join windows
    on windows.variable_key = r.variable_key
        and last_span > first_span and last_span >= r.span and first_span < r.span""",
    variable_key=BYTES,
    span=INT,
)
_SETTLE = Statement(
    "update runs set due_ns = r.due_ns, turn = r.turn from {rows} where runs.number = r.number",
    number=INT,
    due_ns=INT,
    turn=BYTES,
)
_KEEP = Statement(
    "update runs set turn = r.turn from {rows} where runs.number = r.number", number=INT, turn=BYTES
)

RunKey: TypeAlias = tuple[Scalar, ...]
"""A variable's key and the number of a span."""


class Change(NamedTuple):
    """A window that came, or one that went: that has no turn."""

    variable_key: bytes
    first_span: int
    last_span: int
    turn: PackedTurn


def mark_runs(
    connection: Connection, changes: Iterable[Change], deeds: Mapping[bytes, int], *, now_ns: int, pace: Pace
) -> None:
    """Note what the changes of windows mean for their runs, and when those are due.

    `deeds` are how many of the changes are to be heard of by the runs over all time of variables.
    """
    ever: dict[RunKey, Sequence[PackedTurn]] = {(key, EVER): [NO_TURN] * deeds[key] for key in deeds}
    turns = {**_turns_by_run(connection, changes), **ever}
    rows = sorted((*key, len(of_run)) for key, of_run in turns.items())
    grown = RUNS.grow(connection, rows, now_ns=now_ns, first_due_ns=None)
    crossed = _crossed(connection, [key for key, run in grown.items() if run.version == 1])
    settled: list[tuple[int, int | None, bytes]] = []
    for key, run in grown.items():
        is_compared = key in crossed or key in ever
        turn = NO_TURN if is_compared else _turn_after(run, turns[key])
        if turn or (run.size == 1 and not is_compared):
            settled.append((run.number, None, turn))
        elif not run.is_waiting(now_ns):
            settled.append((run.number, run.rested_ns(now_ns, pace), NO_TURN))
    if settled:
        _SETTLE.run(connection, settled)


def mark_lock_runs(connection: Connection, growth: Mapping[bytes, int], *, now_ns: int, pace: Pace) -> None:
    """Note by variable key how many classes of locks came or went, and when their runs are due.

    A run that was settled stays current where none did (`raceway_core.locking.across.SETTLED`).
    """
    grown = RUNS.grow(
        connection,
        sorted((key, LOCKS_SPAN, classes) for key, classes in growth.items()),
        now_ns=now_ns,
        first_due_ns=None,
    )
    settled: list[tuple[int, int | None, bytes]] = []
    for (variable_key, _), run in grown.items():
        if run.more and isinstance(variable_key, bytes) and not growth[variable_key]:
            continue
        if not run.is_waiting(now_ns):
            settled.append((run.number, run.rested_ns(now_ns, pace), NO_TURN))
    if settled:
        _SETTLE.run(connection, settled)


def keep_turns(connection: Connection, done: Iterable[tuple[Locked, int, PackedTurn]]) -> None:
    """Keep the turns of runs that were counted at a version, if that is the newest."""
    rows = [(row.number, turn) for row, version, turn in done if turn and row.version <= version]
    if rows:
        _KEEP.run(connection, rows)


def _turns_by_run(connection: Connection, changes: Iterable[Change]) -> Mapping[RunKey, Sequence[PackedTurn]]:
    turns: dict[RunKey, list[PackedTurn]] = {}
    crossing: set[tuple[bytes, int, int]] = set()
    for change in changes:
        turns.setdefault((change.variable_key, change.first_span), []).append(change.turn)
        if change.last_span > change.first_span:
            crossing.add((change.variable_key, change.first_span + 1, change.last_span))
    if crossing:
        for variable_key, span in _BETWEEN.run(connection, sorted(crossing)):
            turns.setdefault((variable_key, span), []).append(NO_TURN)
    return turns


def _crossed(connection: Connection, created: Sequence[RunKey]) -> set[RunKey]:
    """Return the runs among those just created into which windows of earlier spans reach."""
    if not created:
        return set()
    return {(variable_key, span) for variable_key, span in _CROSSED.run(connection, sorted(created))}


def _turn_after(run: Grown, came: Sequence[PackedTurn]) -> PackedTurn:
    if run.version == 1:
        return follow(came)
    return follow((PackedTurn(run.more), *came)) if isinstance(run.more, bytes) else NO_TURN
