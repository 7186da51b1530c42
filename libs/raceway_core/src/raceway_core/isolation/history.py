"""The neutral history: sessions of transactions of operations. Nothing here knows where it came from.

A session is what one client did, in its order. A register is written and read whole; a key with
appends is a list, and reading it gives all of it. `null` and the empty list both are the version
that was there before anybody wrote.

Nothing but order within a session and the values decide: there is no time in it.

Sources: Adya 1999, "Weak Consistency"; Crooks et al. 2017, "Seeing is Believing" (what clients see
suffices); Kingsbury & Alvaro 2020, "Elle" (lists that tell the order of their own writes).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from raceway_core.event import JsonValue
from raceway_core.value import key_of

Value: TypeAlias = Hashable
"""What can be compared; equal ones are one value."""

ListValue: TypeAlias = tuple[Value, ...]

INITIAL: Value = None
"""The version before any write."""


class Status(Enum):
    """How a transaction ended, as far as its client knows."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class OpKind(Enum):
    """What an operation did to its key."""

    READ = "read"
    WRITE = "write"
    APPEND = "append"


class Operation(NamedTuple):
    """One step. A read of a list has a tuple as its value."""

    kind: OpKind
    key: str
    value: Value


class Transaction(NamedTuple):
    """What is meant to take effect as one. `id` is unique in its history."""

    id: str
    status: Status
    operations: Sequence[Operation]


class History(msgspec.Struct, frozen=True):
    """Sessions, each in its order. The values of `numbered` keys are versions, integers that count up."""

    sessions: Sequence[Sequence[Transaction]]
    numbered: frozenset[str] = frozenset()

    @property
    def transactions(self) -> list[Transaction]:
        """All transactions, session after session."""
        return [transaction for session in self.sessions for transaction in session]


Cut: TypeAlias = Literal["visibility", "cycles"]

EdgeName: TypeAlias = Literal["so", "wr", "ww", "rw"]


class CycleEdge(msgspec.Struct, frozen=True, rename={"source": "from", "target": "to"}):
    """`source` has to come before `target`: session order, or a dependency through `key`.

    wr: read what it wrote; ww: overwrote it; rw: overwrote what it had read.
    """

    source: str
    target: str
    edge: EdgeName
    key: str | None = None


class Anomaly(msgspec.Struct, frozen=True, rename={"name": "class"}):
    """One proof that a history is not what a level promises.

    `transactions` are those of the cycle in its order, or those of the contradiction.
    """

    name: str
    transactions: Sequence[str]
    keys: Sequence[str]
    cycle: Sequence[CycleEdge] = ()


class Isolation(msgspec.Struct, frozen=True):
    """What a history proves. `refuted_levels` stand weakest first; `unrecoverable_keys` are sorted.

    Of an unrecoverable key nothing is concluded: somebody read a value of it that nobody wrote, or
    that several wrote.

    `cut` names what was left out where there was too much: of what `visibility` implies, so that more
    levels may be refuted; and of the `cycles` that prove what is refuted.
    """

    transactions: int
    refuted_levels: Sequence[str]
    anomalies: Sequence[Anomaly]
    unrecoverable_keys: Sequence[str]
    cut: Sequence[Cut] = ()


def comparable(value: JsonValue) -> Value:
    """Return a JSON value as one that can be compared: `1`, `true` and `"1"` stay three values."""
    if value is None or value == []:
        return INITIAL
    if type(value) is list:
        is_plain = _PLAIN.issuperset(map(type, value))
        return tuple(value) if is_plain else tuple(map(_scalar, value))
    return _scalar(value)


_PLAIN = frozenset({int, str})


def _scalar(value: JsonValue) -> Value:
    return value if type(value) in _PLAIN else ("json", key_of(value))
