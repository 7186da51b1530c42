"""The views of a watched dict: live as a dict's own, reading through the dict that records."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from raceway.watched_dict import WatchedDict

K = TypeVar("K")
V = TypeVar("V")


class WatchedKeys(KeysView[K]):
    """Which keys there are: one variable of its own."""

    __slots__ = ()
    _mapping: WatchedDict[K, object]

    def __reversed__(self) -> Iterator[K]:
        return reversed(self._mapping)

    def __repr__(self) -> str:
        return f"dict_keys({list(dict.keys(self._mapping))!r})"


class WatchedValues(ValuesView[V]):
    """Reads the keys once, then each value when it is reached."""

    __slots__ = ()
    _mapping: WatchedDict[object, V]

    def __iter__(self) -> Iterator[V]:
        return (value for _, value in self._mapping.read_pairs(iter(self._mapping)))

    def __reversed__(self) -> Iterator[V]:
        return (value for _, value in self._mapping.read_pairs(reversed(self._mapping)))

    def __repr__(self) -> str:
        return f"dict_values({list(dict.values(self._mapping))!r})"


class WatchedItems(ItemsView[K, V]):
    """Reads the keys once, then each value when it is reached."""

    __slots__ = ()
    _mapping: WatchedDict[K, V]

    def __iter__(self) -> Iterator[tuple[K, V]]:
        return self._mapping.read_pairs(iter(self._mapping))

    def __reversed__(self) -> Iterator[tuple[K, V]]:
        return self._mapping.read_pairs(reversed(self._mapping))

    def __repr__(self) -> str:
        return f"dict_items({list(dict.items(self._mapping))!r})"
