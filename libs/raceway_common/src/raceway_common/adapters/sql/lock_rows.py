"""Uses of locks, kept as sums: a replaced result takes back what it had added.

There is one row per pattern of locks and one statement per batch, over the patterns of the batch: 512
traces that take the same locks change as many rows as one.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import astuple
from sqlalchemy import Connection

from raceway_common.database.statement import BYTES, INT, TEXT, Scalar, Statement
from raceway_common.lock_sum import unpack_lock_sums
from raceway_common.ports.trace_store import LockCursor, LockTotals
from raceway_common.schema.keys import key_of

_AMOUNTS = ("trace_count", "holds", "hold_us", "waits", "wait_us", "contended", "contended_us")
_NAMES = ", ".join(_AMOUNTS)
_ADD = Statement(
    f"""insert into lock_totals (lock_key, lock, scope, {_NAMES})
    select lock_key, lock, scope, {_NAMES} from {{rows}} where true
    on conflict (lock_key) do update set
        {", ".join(f"{name} = lock_totals.{name} + excluded.{name}" for name in _AMOUNTS)}""",  # noqa: S608
    lock_key=BYTES,
    lock=TEXT,
    scope=TEXT,
    **dict.fromkeys(_AMOUNTS, INT),
)
_SHOWN = f"select lock_key, lock, scope, {_NAMES} from lock_totals where trace_count > 0"  # noqa: S608 - ours
_ORDER = "order by wait_us desc, hold_us desc, lock_key desc limit :limit"
_FIRST = Statement(f"{_SHOWN} {_ORDER}")
_NEXT = Statement(f"{_SHOWN} and (wait_us, hold_us, lock_key) < (:wait_us, :hold_us, :lock_key) {_ORDER}")


def add_locks(connection: Connection, old: Iterable[bytes], new: Iterable[bytes]) -> None:
    """Take the lock sums of `old` results from the table and add those of `new`; they come packed."""
    sums: dict[tuple[str, str], list[int]] = {}
    for sign, results in ((-1, old), (1, new)):
        for packed in results:
            for lock, scope, *amounts in map(astuple, unpack_lock_sums(packed)):
                row = sums.setdefault((lock, scope), [0] * len(_AMOUNTS))
                row[0] += sign
                for place, amount in enumerate(amounts, start=1):
                    row[place] += sign * amount
    rows: list[tuple[Scalar, ...]] = [(key_of(*key), *key, *row) for key, row in sums.items() if any(row)]
    if rows:
        _ADD.run(connection, sorted(rows))


def most_waited_for(limit: int, after: LockCursor | None, connection: Connection) -> list[LockTotals]:
    """Return a page of locks, the one most waited for first."""
    if after is None:
        rows = _FIRST.run(connection, limit=limit)
    else:
        rows = _NEXT.run(
            connection, limit=limit, wait_us=after.wait_us, hold_us=after.hold_us, lock_key=after.lock_key
        )
    return [LockTotals(*row) for row in rows]
