"""What a transaction saw of other transactions' writes, and where it contradicted itself.

Only a read before the transaction's own write of a key tells something about others; of a list also
one after it, which has to end in what the transaction appended. Two contradictions show here:

    internal              a read that does not follow from the transaction's own earlier accesses,
                          or that returns what only the transaction itself wrote later
    non-repeatable-read   two reads before an own write that return different versions

Source: Cerone, Bernardi & Gotsman 2015 (the axiom INT); Kingsbury & Alvaro 2020 (the names).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from raceway_core.isolation.history import INITIAL, OpKind, Transaction, Value
from raceway_core.isolation.writes import KeyWrites


class Seen(NamedTuple):
    """A version that a transaction saw of a key. Of a list without what it appended itself."""

    key: str
    value: Value


class Observation(NamedTuple):
    """See the module. `seen` has each version once, in order; `torn` are keys seen in two versions."""

    seen: list[Seen]
    internal: Sequence[str]
    torn: Sequence[str]


NO_WRITES = KeyWrites(is_numbered=False)


def observe(number: int, transaction: Transaction, writes: Mapping[str, KeyWrites]) -> Observation:
    """Return what transaction `number` saw. Time: O(its operations and the lists that it read)."""
    walk = _Walk(number, writes)
    for kind, key, value in transaction.operations:
        if kind is OpKind.READ:
            walk.read(key, value)
        else:
            walk.own.setdefault(key, []).append(value)
    return Observation(walk.seen, _once(walk.internal), _once(walk.torn))


def _once(keys: Sequence[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(keys)) if keys else ()


class _Walk:
    def __init__(self, number: int, writes: Mapping[str, KeyWrites]) -> None:
        self._number = number
        self._writes = writes
        self._first: dict[str, Value] = {}
        self.own: dict[str, list[Value]] = {}
        self.seen: list[Seen] = []
        self.internal: list[str] = []
        self.torn: list[str] = []

    def read(self, key: str, value: Value) -> None:
        writes = self._writes.get(key, NO_WRITES)
        own = self.own.get(key)
        if writes.is_list:
            self._read_list(key, value if type(value) is tuple else (), own or [])
        elif own is None:
            self._see(key, value, is_own=writes.writer(value) == self._number)
        elif value != own[-1]:
            self.internal.append(key)

    def _read_list(self, key: str, value: tuple[Value, ...], own: list[Value]) -> None:
        prefix = value[: len(value) - len(own)]
        if value[len(prefix) :] != tuple(own):
            self.internal.append(key)
            return
        mine = self._writes[key].made.get(self._number, ())
        version = prefix or INITIAL
        if own and self._first.get(key, version) != version:
            self.internal.append(key)
        else:
            self._see(key, version, is_own=any(one in prefix for one in mine))

    def _see(self, key: str, value: Value, *, is_own: bool) -> None:
        if is_own:
            self.internal.append(key)
        elif key not in self._first:
            self._first[key] = value
            self.seen.append(Seen(key, value))
        elif self._first[key] != value:
            self.torn.append(key)
            self.seen.append(Seen(key, value))
