"""What traces and runs have in common as work: growing, and being completed.

Both tables carry the same columns (`raceway_common.schema.tables.work_columns`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, TEXT, Kind, Scalar, Statement, Values
from raceway_common.schedule import Pace, Progress, due_ns

_TOUCH = """
    insert into {table}
        ({key}, version, size, done_version, done_size, spent_size, since_ns, touched_ns, due_ns)
    select {key}, 1, size, 0, 0, 0, cast(:now as bigint), cast(:now as bigint), cast(:due as bigint)
    from {rows} where true
    on conflict ({key}) do update set
        version = {table}.version + 1, size = {table}.size + excluded.size, touched_ns = excluded.touched_ns
    returning number, {key}, version, size, done_size, spent_size, since_ns, due_ns, lease_owner, {more}"""

_RESCHEDULE = "update {table} set due_ns = r.due_ns from {rows} where {table}.number = r.number"

_LOCK = """
    select number, {key}, version, size, done_version, spent_size, touched_ns, due_ns,
        lease_owner, leased_version
    from {table} where ({key}) in (select {key} from {rows}) order by {key} {for_update}"""

_COMPLETE = """
    update {table} set
        done_version = r.done_version, done_size = size, spent_size = spent_size + size, since_ns = :now,
        due_ns = r.due_ns, lease_owner = r.lease_owner, leased_version = r.leased_version
    from {rows} where {table}.number = r.number"""


_HELD = "select {key} from {table} where due_ns is not null and lease_owner = :owner"

_GIVE_BACK = """
    update {table} set lease_owner = null, leased_version = null, due_ns = touched_ns
    from {rows} where {table}.number = r.number"""


class Grown(NamedTuple):
    """Work that grew: its columns as they are now. `version` is 1 where it is new."""

    number: int
    version: int
    size: int
    done_size: int
    spent_size: int
    since_ns: int
    due_ns: int | None
    lease_owner: str | None
    more: Scalar

    def is_waiting(self, now_ns: int) -> bool:
        """Whether somebody has it or may take it now."""
        return self.lease_owner is not None or (self.due_ns is not None and self.due_ns <= now_ns)

    def rested_ns(self, now_ns: int, pace: Pace) -> int:
        """Return when it should be analyzed, having grown at `now_ns`."""
        progress = Progress(self.size, self.done_size, self.since_ns, now_ns, spent_size=self.spent_size)
        return due_ns(progress, pace)


class Locked(NamedTuple):
    """Work about to be completed. `done_version` is 0 when it never was before."""

    number: int
    version: int
    size: int
    done_version: int
    spent_size: int
    touched_ns: int
    due_ns: int | None
    lease_owner: str | None
    leased_version: int | None


class Work:
    """The work columns of one table, whose rows `key` identifies; `more` is what `grow` reads besides."""

    def __init__(self, table: str, more: str = "null", **key: Kind) -> None:
        def statement(sql: str, **columns: Kind) -> Statement:
            named = sql.replace("{table}", table).replace("{key}", ", ".join(key))
            return Statement(named.replace("{more}", more), **columns)

        self._width = len(key)
        self._touch = statement(_TOUCH, **key, size=INT)
        self._reschedule = statement(_RESCHEDULE, number=INT, due_ns=INT)
        self._lock = statement(_LOCK, **key)
        self._held = statement(_HELD)
        self._give_back = statement(_GIVE_BACK, number=INT)
        self._complete = statement(
            _COMPLETE, number=INT, done_version=INT, due_ns=INT, lease_owner=TEXT, leased_version=INT
        )

    def touch(
        self, connection: Connection, growth: Sequence[Values], *, now_ns: int, pace: Pace
    ) -> dict[tuple[Scalar, ...], Grown]:
        """Count a change of each row, `(*key, size)` in order of keys, and say when it is due."""
        first_due_ns = due_ns(Progress(1, 0, now_ns, now_ns), pace)
        touched = self.grow(connection, growth, now_ns=now_ns, first_due_ns=first_due_ns)
        later = [
            (grown.number, grown.rested_ns(now_ns, pace))
            for grown in touched.values()
            if grown.version > 1 and not grown.is_waiting(now_ns)
        ]
        if later:
            self._reschedule.run(connection, later)
        return touched

    def grow(
        self, connection: Connection, growth: Sequence[Values], *, now_ns: int, first_due_ns: int | None
    ) -> dict[tuple[Scalar, ...], Grown]:
        """Count a change of each row; what is new is due at `first_due_ns`, the others as they were."""
        rows = self._touch.run(connection, growth, now=now_ns, due=first_due_ns).all()
        end = 1 + self._width
        return {tuple(row[1:end]): Grown(row[0], *row[end:]) for row in rows}

    def lock(self, connection: Connection, keys: Sequence[Values]) -> dict[tuple[Scalar, ...], Locked]:
        """Keep others from the rows of `keys` until the transaction ends, and read them."""
        rows = self._lock.run(connection, keys).all()
        return {tuple(row[1 : 1 + self._width]): Locked(row[0], *row[1 + self._width :]) for row in rows}

    def complete(
        self, connection: Connection, done: Iterable[tuple[Locked, int]], *, now_ns: int, pace: Pace
    ) -> None:
        """Note that locked rows have a result as of a version; what has newer data stays due."""
        rows = [(row.number, version, *_after(row, version, now_ns, pace)) for row, version in done]
        self._complete.run(connection, rows, now=now_ns)

    def release(self, connection: Connection, owner: str) -> None:
        """End the leases of `owner`; the work is due at once."""
        held = sorted(tuple(row) for row in self._held.run(connection, owner=owner))
        rows = self.lock(connection, held).values() if held else ()
        if mine := [(row.number,) for row in rows if row.lease_owner == owner]:
            self._give_back.run(connection, mine)


TRACES = Work("traces", trace_id=TEXT)
RUNS = Work("runs", "turn", variable_key=BYTES, span=INT)


def _after(row: Locked, version: int, now_ns: int, pace: Pace) -> tuple[int | None, str | None, int | None]:
    """Return (due_ns, lease_owner, leased_version) once there is a result as of `version`."""
    if row.leased_version is not None and row.leased_version > version:
        return row.due_ns, row.lease_owner, row.leased_version
    if row.version <= version:
        return None, None, None
    spent = row.spent_size + row.size
    progress = Progress(row.size, row.size, now_ns, row.touched_ns, spent_size=spent)
    return due_ns(progress, pace), None, None
