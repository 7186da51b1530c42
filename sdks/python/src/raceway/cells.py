"""What a watched object knows of its variables: names, versions, and how an access is noted.

The caller holds the object's lock while the access and its note are made.
"""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Final

from raceway.context import active, current
from raceway.location import site_of_caller
from raceway.record import ATOMIC_RMW, READ, record, report
from raceway.value import Fields

MISSING: Final = object()
MOST_DEPARTED = 65_536
"""So many versions of deleted keys are remembered one by one, beyond those of as many live ones."""
_MOST_KEY_CHARACTERS = 200
_SHOWN_AS_IS = (str, int, bool, float, bytes, type(None))


class _Cell:
    """A variable. `version` counts its writes and never goes back.

    The lock keeps other threads away, but a signal handler or a finalizer may write in between: a
    number is taken in one step, so that none is given twice.
    """

    __slots__ = ("_next", "is_secret", "name", "version")

    def __init__(self, name: str, version: int, *, is_secret: bool) -> None:
        self.name = name
        self.version = version
        self.is_secret = is_secret
        self._next = itertools.count(version + 1).__next__

    def write(self) -> int:
        """Return the version of a write that was made just now."""
        version = self._next()
        self.version = max(self.version, version)
        return version


class Cells:
    """The variables of one watched object. Notes never raise."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._keys = _Cell(f"{name}.keys", 0, is_secret=False)
        self._cells: dict[Hashable, _Cell] = {}
        self._floor = 0

    def note(self, access_type: str, key: Hashable, value: object, old: object = MISSING) -> None:
        """Note one access to one key: `value` is what was read or written, MISSING if nothing."""
        try:
            cell = self._cells.get(key) or self._new(
                key, keep=value is not MISSING or access_type is not READ
            )
            version = cell.version if access_type is READ else cell.write()
            task = current()
            if task is None or not task.trace.is_sampled:
                return
            fields: Fields = {
                "variable": cell.name, "access_type": access_type, "version": version, "scope": "process"
            }  # fmt: skip
            if value is not MISSING:
                task.process.values.note(fields, "new_value", value, is_secret=cell.is_secret)
            if old is not MISSING:
                task.process.values.note(fields, "old_value", old, is_secret=cell.is_secret)
            record("StateChange", fields, task=task, site=site_of_caller())
        except Exception:  # noqa: BLE001 -- the SDK boundary
            report(f"an access to {self._name}")

    def note_keys(self, access_type: str, count: int, old_count: int | None = None) -> None:
        """Note a read of which keys there are, or a change from `old_count` keys to `count`."""
        try:
            version = self._keys.version if access_type is READ else self._keys.write()
            fields: Fields = {
                "variable": self._keys.name, "access_type": access_type, "version": version,
                "scope": "process", "new_value": count,
            }  # fmt: skip
            if old_count is not None:
                fields["old_value"] = old_count
            record("StateChange", fields, site=site_of_caller())
        except Exception:  # noqa: BLE001 -- the SDK boundary
            report(f"an access to {self._keys.name}")

    def count_unrecorded(self, events: int) -> None:
        """Count accesses that were too many at once to be recorded one by one."""
        if events > 0 and active.process is not None:
            active.process.queue.drop("bulk_read", events)

    def note_arrival(self, key: Hashable, value: object, count: int, access_type: str) -> None:
        """Note that a key was inserted; there are `count` now."""
        self.note(access_type, key, value)
        self.note_keys(ATOMIC_RMW, count, count - 1)

    def note_departure(self, key: Hashable, old: object, count: int, access_type: str) -> None:
        """Note that a key was deleted; `count` are left."""
        self.note(access_type, key, MISSING, old)
        self.note_keys(ATOMIC_RMW, count, count + 1)
        if len(self._cells) > 2 * count + MOST_DEPARTED:
            self._forget()

    def _new(self, key: Hashable, *, keep: bool) -> _Cell:
        """Return the variable of a key met first; the keys that were only looked for are not kept."""
        name = f"{self._name}[{_show(key)}]"
        process = active.process
        cell = _Cell(name, self._floor, is_secret=process is None or process.values.is_secret(name))
        if keep:
            self._cells[key] = cell
        return cell

    def _forget(self) -> None:
        """Let every version go; all variables continue above the highest, so none comes twice."""
        self._floor = max(cell.version for cell in self._cells.values())
        self._cells.clear()


def _show(key: Hashable) -> str:
    if type(key) in _SHOWN_AS_IS or (type(key) is tuple and all(type(part) in _SHOWN_AS_IS for part in key)):
        return repr(key)[:_MOST_KEY_CHARACTERS]
    return f"<{type(key).__name__} {hash(key)}>"
