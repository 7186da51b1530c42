"""Histories of transactions: `{"sessions": [[{"id", "status", "ops": [{"op", "key", "value"}]}]]}`.

    {"sessions": [
      [{"id": "T1", "status": "committed", "ops": [{"op": "write", "key": "x", "value": 1}]}],
      [{"id": "T2", "status": "committed", "ops": [{"op": "read", "key": "x", "value": null}]}]
    ]}

A session's list is its order. `status` is one of committed, aborted, unknown; `op` one of read, write,
append. Reading a key with appends gives a list. `null` and `[]` both read the initial version. A read
without a value says nothing, a write without one makes a value that nobody knows. `start_ns` and
`end_ns` order nothing. A transaction without an id is named by its place in the file, from 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from sys import intern
from typing import NamedTuple

import msgspec
from msgspec import UNSET, UnsetType

from raceway_core.errors import Rejected
from raceway_core.event import JsonValue
from raceway_core.isolation.history import History, Operation, OpKind, Status, Transaction, comparable

EXPECTED = 'a history {"sessions": [[{"id", "status", "ops": [{"op", "key", "value"}]}]]}'


class _Op(msgspec.Struct, gc=False):
    op: OpKind
    key: str | int
    value: JsonValue | UnsetType = UNSET


class _Transaction(msgspec.Struct, gc=False):
    status: Status
    ops: list[_Op]
    id: str | int | None = None


class _Sessions(msgspec.Struct):
    sessions: list[list[_Transaction]]


class _RawSessions(msgspec.Struct):
    sessions: list[list[msgspec.Raw]]


_whole = msgspec.json.Decoder(_Sessions)
_raw = msgspec.json.Decoder(_RawSessions)
_one = msgspec.json.Decoder(_Transaction)


def read(data: bytes) -> History:
    """Return the history of a file.

    Time: O(n).

    Raises:
        Rejected: The file is not of the format; the message names the line and the transaction.
    """
    try:
        sessions = _whole.decode(data).sessions
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(_reason(data, error)) from error
    _check_ids(data, sessions)
    numbers = iter(range(1, sum(map(len, sessions)) + 1))
    return History([[_transaction(one, next(numbers)) for one in session] for session in sessions])


def _transaction(given: _Transaction, number: int) -> Transaction:
    operations = [
        Operation(one.op, intern(str(one.key)), object() if one.value is UNSET else comparable(one.value))
        for one in given.ops
        if one.value is not UNSET or one.op is not OpKind.READ
    ]
    return Transaction(_id(given, number), given.status, operations)


def _id(given: _Transaction, number: int) -> str:
    return str(number if given.id is None else given.id)


def _check_ids(data: bytes, sessions: Sequence[Sequence[_Transaction]]) -> None:
    seen: set[str] = set()
    for number, given in enumerate((one for session in sessions for one in session), start=1):
        name = _id(given, number)
        if name in seen:
            line = next(place.line for place in _places(data) if place.number == number)
            raise Rejected(
                f"line {line}, transaction {number}: its id {name!r} is another's, expected its own"
            )
        seen.add(name)


class _Place(NamedTuple):
    """Where a transaction begins: its number and its line, both from 1."""

    number: int
    line: int
    text: bytes


def _places(data: bytes) -> Iterator[_Place]:
    """Yield the transactions of a well-formed file, undecoded. Time: O(n)."""
    offset, line = 0, 1
    texts = (bytes(raw) for session in _raw.decode(data).sessions for raw in session)
    for number, text in enumerate(texts, start=1):
        begin = data.index(text, offset)
        line += data.count(b"\n", offset, begin)
        yield _Place(number, line, text)
        line += text.count(b"\n")
        offset = begin + len(text)


def _reason(data: bytes, error: Exception) -> str:
    """Return what is wrong and where; only for a file that cannot be read."""
    try:
        for place in _places(data):
            try:
                _one.decode(place.text)
            except msgspec.ValidationError as inner:
                return f"line {place.line}, transaction {place.number}: {inner}; expected {EXPECTED}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass  # then the fault is not in one transaction
    return f"line {_line_of(data, error)}: {error}; expected {EXPECTED}"


def _line_of(data: bytes, error: Exception) -> int:
    """Return the line of a byte that the decoder names, the last one of a file cut short, else 1."""
    if "truncated" in str(error):
        return data.rstrip().count(b"\n") + 1
    _, _, place = str(error).partition("(byte ")
    digits = place.partition(")")[0]
    return data.count(b"\n", 0, int(digits)) + 1 if digits.isdecimal() else 1
