"""A dict that records who reads and writes what, without manual calls.

Each key is a variable, `accounts['alice']`, with a version: a read carries the version it saw, a
write the one it made. Which keys there are is one more variable, `accounts.keys`: `in`, `len` and
iteration read it, and only an insert or a delete writes it, as an atomic read-modify-write, since
two inserts of different keys lose nothing. `get` and `[]` of an absent key read that key.
`setdefault`, `pop` and `popitem` do in one step what they do, so they are atomic, too. `repr` is
for whoever debugs, and is not recorded.

A value, its version, its place in time and its event are taken under one lock for each object. It
is the SDK's own: it never shows up as a lock of the application, and it is reentrant, because a
finalizer or a signal handler may touch the same object at any moment.
"""

from __future__ import annotations

from _thread import RLock
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import SupportsIndex, TypeVar, cast

from raceway.cells import MISSING, Cells
from raceway.record import ATOMIC_RMW, READ, WRITE
from raceway.views import WatchedItems, WatchedKeys, WatchedValues

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

MOST_BULK = 1000
"""Of a copy or comparison of more keys, the first so many reads are recorded."""


class WatchedDict(dict[K, V]):
    """Behaves as the dict that it was made of; its copies and pickles are plain dicts."""

    __slots__ = ("__weakref__", "_cells", "_lock")

    def __init__(self, content: Mapping[K, V], name: str) -> None:
        super().__init__(content)
        self._lock = RLock()
        self._cells = Cells(name)

    def renew_lock(self) -> None:
        """Forget that another thread holds the lock: after a fork there is no other."""
        self._lock = RLock()

    def _read(self, key: K) -> object:
        with self._lock:
            value = dict.get(self, key, MISSING)
            self._cells.note(READ, key, value)
        return value

    def __getitem__(self, key: K) -> V:
        with self._lock:
            value = dict.get(self, key, MISSING)
            self._cells.note(READ, key, value)
        if value is MISSING:
            raise KeyError(key)
        return value  # type: ignore[return-value]  # a cast would cost a call

    def get(self, key: K, default: D | None = None) -> V | D | None:  # type: ignore[override]  # as typeshed's overloads
        """Return the value of `key`, else `default`."""
        value = self._read(key)
        return default if value is MISSING else cast("V", value)

    def __contains__(self, key: object) -> bool:
        with self._lock:
            self._cells.note_keys(READ, dict.__len__(self))
            return dict.__contains__(self, key)

    def __len__(self) -> int:
        with self._lock:
            count = dict.__len__(self)
            self._cells.note_keys(READ, count)
        return count

    def __iter__(self) -> Iterator[K]:
        with self._lock:
            self._cells.note_keys(READ, dict.__len__(self))
            return dict.__iter__(self)

    def __reversed__(self) -> Iterator[K]:
        with self._lock:
            self._cells.note_keys(READ, dict.__len__(self))
            return dict.__reversed__(self)

    def keys(self) -> WatchedKeys[K]:  # type: ignore[override]  # a view that records
        """Return a live view of the keys."""
        return WatchedKeys(self)

    def values(self) -> WatchedValues[V]:  # type: ignore[override]  # a view that records
        """Return a live view of the values."""
        return WatchedValues(self)

    def items(self) -> WatchedItems[K, V]:  # type: ignore[override]  # a view that records
        """Return a live view of the pairs."""
        return WatchedItems(self)

    def read_pairs(self, keys: Iterator[K]) -> Iterator[tuple[K, V]]:
        """Yield each key with its value, read when it is reached; a key that left is passed over."""
        for key in keys:
            value = self._read(key)
            if value is not MISSING:
                yield key, cast("V", value)

    def copy(self) -> dict[K, V]:
        """Return a plain dict of what is there now: one read of every key, in one step."""
        with self._lock:
            plain = dict(dict.items(self))
            self._cells.note_keys(READ, len(plain))
            for key in list(plain)[:MOST_BULK]:
                self._cells.note(READ, key, plain[key])
            self._cells.count_unrecorded(len(plain) - MOST_BULK)
        return plain

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, object]) -> dict[K, V]:
        return deepcopy(self.copy(), memo)

    def __reduce_ex__(self, _protocol: SupportsIndex) -> tuple[type, tuple[dict[K, V]]]:
        return dict, (self.copy(),)

    def __eq__(self, other: object) -> bool:
        return self.copy() == (other.copy() if isinstance(other, WatchedDict) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None

    def __or__(self, other: object) -> dict[K, V]:  # type: ignore[override]  # typeshed has overloads
        return self.copy() | other if isinstance(other, dict) else NotImplemented

    def __ror__(self, other: object) -> dict[K, V]:  # type: ignore[override]  # typeshed has overloads
        return other | self.copy() if isinstance(other, dict) else NotImplemented

    def __setitem__(self, key: K, value: V) -> None:
        with self._lock:
            old = dict.get(self, key, MISSING)
            dict.__setitem__(self, key, value)
            if old is MISSING:
                self._cells.note_arrival(key, value, dict.__len__(self), WRITE)
            else:
                self._cells.note(WRITE, key, value, old)

    def __delitem__(self, key: K) -> None:
        if self._remove(key, WRITE) is MISSING:
            raise KeyError(key)

    def _remove(self, key: K, access_type: str) -> object:
        with self._lock:
            old = dict.pop(self, key, MISSING)
            if old is MISSING:
                self._cells.note(READ, key, MISSING)
            else:
                self._cells.note_departure(key, old, dict.__len__(self), access_type)
        return old

    def pop(self, key: K, default: object = MISSING) -> object:  # type: ignore[override]  # as typeshed's overloads
        """Remove `key` and return its value, else `default`."""
        value = self._remove(key, ATOMIC_RMW)
        if value is not MISSING:
            return value
        if default is MISSING:
            raise KeyError(key)
        return default

    def popitem(self) -> tuple[K, V]:
        """Remove and return the pair inserted last."""
        with self._lock:
            key, value = dict.popitem(self)
            self._cells.note_departure(key, value, dict.__len__(self), ATOMIC_RMW)
        return key, value

    def setdefault(self, key: K, default: V | None = None) -> V | None:  # type: ignore[override]  # as typeshed's overloads
        """Return the value of `key`, which is `default` from now on if there was none."""
        with self._lock:
            value = dict.get(self, key, MISSING)
            if value is not MISSING:
                self._cells.note(READ, key, value)
                return cast("V", value)
            dict.__setitem__(self, key, cast("V", default))
            self._cells.note_arrival(key, default, dict.__len__(self), ATOMIC_RMW)
        return default

    def update(self, *content: Mapping[K, V] | Iterable[tuple[K, V]], **named: V) -> None:  # type: ignore[override]  # as typeshed's overloads
        """Write every pair, one after another."""
        pairs = cast("dict[K, V]", dict(*content, **named))
        for key, value in pairs.items():
            self[key] = value

    def __ior__(self, other: Mapping[K, V] | Iterable[tuple[K, V]]) -> WatchedDict[K, V]:  # type: ignore[override, misc]  # as typeshed's overloads
        self.update(other)
        return self

    def clear(self) -> None:
        """Delete every key, in one step."""
        with self._lock:
            for key in list(dict.keys(self)):
                self._remove(key, WRITE)
