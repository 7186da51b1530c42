"""The bus's tables, and every statement that touches them.

A message is a row of `bus_messages` until it is settled. `bus_deliveries` has a row for each message
that was ever handed out: how often, and from when it may be handed out again. A key in
`bus_dedup_keys` makes a second publish a no-op; keys outlive their messages and go by age.

Rows travel in bulk: one statement takes all bodies as a single blob with a JSON index of offsets, and
one gives all rows back as a single JSON text. Python's `sqlite3` lets go of the interpreter lock at
each row it steps over, and beside a busy event loop gets it back as late as 5 ms afterwards; row by
row the bus would be a hundred times slower than its disk.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Sequence
from itertools import accumulate

import msgspec
import zstandard

from raceway_common.errors import NotFound
from raceway_common.ports.bus import DeadLetter, Position

_TABLES = """
CREATE TABLE IF NOT EXISTS bus_stream (epoch TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS bus_messages (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS bus_dedup_keys (
    dedup_key TEXT PRIMARY KEY, stored_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS bus_dedup_keys_age ON bus_dedup_keys (stored_ns);
CREATE TABLE IF NOT EXISTS bus_deliveries (
    sequence INTEGER PRIMARY KEY, delivery_count INTEGER NOT NULL, due_ns INTEGER NOT NULL,
    fetch_number INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS bus_dead_letters (
    number INTEGER PRIMARY KEY AUTOINCREMENT, sequence INTEGER NOT NULL, reason TEXT NOT NULL,
    rejected_ns INTEGER NOT NULL, body BLOB NOT NULL
);
"""

_PUBLISH = """
INSERT INTO bus_messages (body)
SELECT substr(:bodies, json_extract(value, '$[1]'), json_extract(value, '$[2]')) FROM json_each(:index)
WHERE NOT EXISTS (SELECT 1 FROM bus_dedup_keys WHERE dedup_key = json_extract(value, '$[0]'))
ORDER BY key
"""

_REMEMBER = """
INSERT OR IGNORE INTO bus_dedup_keys (dedup_key, stored_ns)
SELECT json_extract(value, '$[0]'), :now_ns FROM json_each(:index)
"""

_TAKE = """
INSERT INTO bus_deliveries (sequence, delivery_count, due_ns, fetch_number)
SELECT m.sequence, coalesce(d.delivery_count, 0) + 1, :lease_ns, :number
FROM bus_messages AS m LEFT JOIN bus_deliveries AS d ON d.sequence = m.sequence
WHERE d.due_ns IS NULL OR d.due_ns <= :now_ns
ORDER BY m.sequence LIMIT :most
ON CONFLICT (sequence) DO UPDATE SET
    delivery_count = excluded.delivery_count, due_ns = excluded.due_ns, fetch_number = excluded.fetch_number
"""

_READ = """
SELECT json_group_array(json_array(sequence, delivery_count, hex(body)))
FROM bus_deliveries JOIN bus_messages USING (sequence) WHERE fetch_number = ?
"""

_DELAY = """
UPDATE bus_deliveries SET due_ns = json_extract(value, '$[1]')
FROM json_each(?) WHERE sequence = json_extract(value, '$[0]')
"""

_BURY = """
INSERT INTO bus_dead_letters (sequence, reason, rejected_ns, body)
SELECT sequence, ?, ?, body FROM bus_messages WHERE sequence = ?
"""

_LETTERS = """
SELECT number, sequence, reason, rejected_ns, body FROM bus_dead_letters ORDER BY number LIMIT ?
"""


class Taken(msgspec.Struct, frozen=True, gc=False):
    """A message handed out."""

    position: Position
    delivery_count: int
    body: bytes


class _TakenRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    sequence: int
    delivery_count: int
    hex_body: str


_rows = msgspec.json.Decoder(list[_TakenRow])


class Stream:
    """The statements over one connection. Whoever calls begins and commits the transaction."""

    def __init__(self, connection: sqlite3.Connection, *, dedup_window_ns: int) -> None:
        """Make the tables where they are missing; what an earlier process had taken is due again."""
        self._connection = connection
        self._dedup_window_ns = dedup_window_ns
        self._compressor = zstandard.ZstdCompressor(level=1)
        self._decompressor = zstandard.ZstdDecompressor()
        self._next_purge_ns = 0
        connection.executescript(_TABLES)
        connection.execute(
            "INSERT INTO bus_stream SELECT ? WHERE NOT EXISTS (SELECT 1 FROM bus_stream)",
            (secrets.token_hex(8),),
        )
        connection.execute("UPDATE bus_deliveries SET due_ns = 0")
        (self._epoch,) = connection.execute("SELECT epoch FROM bus_stream").fetchone()
        (self._fetch_number,) = connection.execute(
            "SELECT coalesce(max(fetch_number), 0) FROM bus_deliveries"
        ).fetchone()
        (self.held,) = connection.execute("SELECT count(*) FROM bus_messages").fetchone()

    def publish(self, bodies: dict[str, bytes], *, now_ns: int) -> None:
        """Hold the bodies whose keys are new."""
        if now_ns >= self._next_purge_ns:
            self._purge(now_ns)
        buffers = self._compressor.multi_compress_to_buffer(list(bodies.values()))
        packed = [buffers[place].tobytes() for place in range(len(buffers))]
        starts = accumulate(map(len, packed), initial=1)
        index = [(key, start, len(body)) for key, start, body in zip(bodies, starts, packed, strict=False)]
        values = {"bodies": b"".join(packed), "index": _json(index), "now_ns": now_ns}
        self.held += self._connection.execute(_PUBLISH, values).rowcount
        self._connection.execute(_REMEMBER, values)

    def take(self, most: int, *, now_ns: int, lease_ns: int) -> list[Taken]:
        """Hand out up to `most` messages, oldest first; nobody else gets them before `lease_ns`."""
        self._fetch_number += 1
        values = {"most": most, "now_ns": now_ns, "lease_ns": lease_ns, "number": self._fetch_number}
        if not self._connection.execute(_TAKE, values).rowcount:
            return []
        (text,) = self._connection.execute(_READ, (self._fetch_number,)).fetchone()
        rows = sorted(_rows.decode(text), key=lambda row: row.sequence)
        bodies = self._decompressor.multi_decompress_to_buffer([bytes.fromhex(row.hex_body) for row in rows])
        return [
            Taken(Position(self._epoch, row.sequence), row.delivery_count, bodies[place].tobytes())
            for place, row in enumerate(rows)
        ]

    def next_due_ns(self) -> int | None:
        """Return when the first message that is out becomes due again."""
        due: int | None = self._connection.execute("SELECT min(due_ns) FROM bus_deliveries").fetchone()[0]
        return due

    def settle(self, sequences: Sequence[int]) -> None:
        """Forget messages; those already settled are ignored."""
        which = (_json(sequences),)
        settle = "DELETE FROM bus_messages WHERE sequence IN (SELECT value FROM json_each(?))"
        self.held -= self._connection.execute(settle, which).rowcount
        self._connection.execute(
            "DELETE FROM bus_deliveries WHERE sequence IN (SELECT value FROM json_each(?))", which
        )

    def delay(self, due: Sequence[tuple[int, int]]) -> None:
        """Hand out each of these (sequence, due_ns) again, from then on."""
        self._connection.execute(_DELAY, (_json(due),))

    def bury(self, sequence: int, *, reason: str, now_ns: int) -> None:
        """Turn a message into a dead letter."""
        self._connection.execute(_BURY, (reason, now_ns, sequence))
        self.settle([sequence])

    def dead_letters(self, most: int) -> list[DeadLetter]:
        """Return the oldest dead letters."""
        return [
            DeadLetter(
                number=number,
                origin=Position(self._epoch, sequence),
                reason=reason,
                rejected_ns=rejected_ns,
                body=self._decompressor.decompress(body),
            )
            for number, sequence, reason, rejected_ns, body in self._connection.execute(_LETTERS, (most,))
        ]

    def revive(self, number: int) -> None:
        """Turn a dead letter into a new message.

        Raises:
            NotFound: There is no such letter.
        """
        copy = "INSERT INTO bus_messages (body) SELECT body FROM bus_dead_letters WHERE number = ?"
        if not self._connection.execute(copy, (number,)).rowcount:
            raise NotFound(f"there is no dead letter {number}")
        self.held += 1
        self._connection.execute("DELETE FROM bus_dead_letters WHERE number = ?", (number,))

    def _purge(self, now_ns: int) -> None:
        oldest_ns = now_ns - self._dedup_window_ns
        self._connection.execute("DELETE FROM bus_dedup_keys WHERE stored_ns <= ?", (oldest_ns,))
        self._next_purge_ns = now_ns + self._dedup_window_ns // 100


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
