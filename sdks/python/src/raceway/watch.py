"""`watch`: from a plain object to one that records, under a name that is unique in the process."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import TypeVar

from raceway.context import active
from raceway.settings import LOG
from raceway.watched_dict import WatchedDict

K = TypeVar("K")
V = TypeVar("V")

_names: Counter[str] = Counter()
_watched: weakref.WeakValueDictionary[int, WatchedDict[object, object]] = weakref.WeakValueDictionary()


def watch(content: dict[K, V], name: str) -> dict[K, V]:
    """Return a dict with the same content that records its reads and writes as those of `name`.

    Use what is returned in place of the original, which is copied. What is there already is version
    0. A second watch of a name is a variable of its own, `name#2`. Before `start`, and where Raceway
    is disabled, and for anything but a plain dict, the argument itself is returned.
    """
    if type(content) is not dict:
        if active.process is not None:
            LOG.warning(
                "watch(…, %r): only a plain dict can be watched, not %s", name, type(content).__name__
            )
        return content
    if active.process is None:
        return content
    _names[name] += 1
    number = _names[name]
    watched = WatchedDict(content, name if number == 1 else f"{name}#{number}")
    _watched[id(watched)] = watched  # type: ignore[assignment]  # only their locks are used
    return watched


def renew_locks() -> None:
    """After a fork: free every watched object of locks held by threads that are no more."""
    for watched in list(_watched.values()):
        watched.renew_lock()
