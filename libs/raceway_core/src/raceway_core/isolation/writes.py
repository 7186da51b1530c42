"""Who wrote what: the writers of a history's values, by key.

A value names the write that made it only if one transaction alone wrote it. Where a value was read
that nobody wrote, or several, its key cannot be recovered; one that nobody read does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from raceway_core.isolation.history import INITIAL, ListValue, OpKind, Transaction, Value

BEFORE_ALL = -1
"""The writer of the initial version: no transaction."""

SEVERAL = -2
NOBODY = -3


class KeyWrites:
    """What was written to one key. Transactions are numbered as they stand in the history.

    `last[t]` is the last value that t wrote, `made[t]` all of them in order.
    """

    def __init__(self, *, is_numbered: bool) -> None:
        self.is_numbered = is_numbered
        self.is_list = False
        self.made: dict[int, list[Value]] = {}
        self._is_register = False
        self._writers: dict[Value, int] = {}
        self._appended: set[Value] = set()
        self._checked: ListValue = ()

    def add(self, transaction: int, kind: OpKind, value: Value) -> None:
        """Add a transaction's next write."""
        is_append = kind is OpKind.APPEND
        self.is_list |= is_append
        self._is_register |= not is_append
        if self._writers.setdefault(value, transaction) != transaction or (
            is_append and value in self._appended
        ):
            self._writers[value] = SEVERAL
        if is_append:
            self._appended.add(value)
        self.made.setdefault(transaction, []).append(value)

    @property
    def is_mixed(self) -> bool:
        """Whether it was both written whole and appended to, so that it is neither kind of key."""
        return self.is_list and self._is_register

    def writer(self, value: Value) -> int:
        """Return who wrote a value: a transaction, BEFORE_ALL, SEVERAL or NOBODY."""
        if value is INITIAL:
            return SEVERAL if value in self._writers else BEFORE_ALL
        return self._writers.get(value, NOBODY)

    def last(self, transaction: int) -> Value:
        """Return the last value that a transaction wrote; it did write."""
        return self.made[transaction][-1]

    def is_known(self, value: Value) -> bool:
        """Whether it can be told who wrote a value that was read, for a list all of it."""
        if self.is_numbered:
            return type(value) is int and self.writer(value) != SEVERAL
        if not self.is_list:
            return self.writer(value) not in {SEVERAL, NOBODY}
        if value is INITIAL:
            return True
        return type(value) is tuple and self._is_known_list(value)

    def _is_known_list(self, value: ListValue) -> bool:
        """Look only at what was not seen at the same place before: lists mostly extend each other."""
        if value == self._checked[: len(value)]:
            return True
        is_known = len(set(value)) == len(value) and all(self._writers.get(one, NOBODY) >= 0 for one in value)
        if is_known and len(value) > len(self._checked):
            self._checked = value
        return is_known


def writes_of(transactions: Sequence[Transaction], numbered: Iterable[str]) -> dict[str, KeyWrites]:
    """Return what was written, by key; a key that was only read has no entry. Time: O(operations)."""
    versions = frozenset(numbered)
    found: dict[str, KeyWrites] = {}
    for number, transaction in enumerate(transactions):
        for kind, key, value in transaction.operations:
            if kind is not OpKind.READ:
                writes = found.get(key)
                if writes is None:
                    writes = found[key] = KeyWrites(is_numbered=key in versions)
                writes.add(number, kind, value)
    return found
