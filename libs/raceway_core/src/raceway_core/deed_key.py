"""Keys of deeds: the class of a window by what its transactions do under locks.

Windows of one key can lose the same updates of other traces, and have the same ones lost
(`raceway_core.across.deed`); there are as many as the code has ways to touch the variable. Those that have
an update whose lock was free in between sort before all others: without one nothing can be lost.
"""

from __future__ import annotations

from typing import NewType

DeedKey = NewType("DeedKey", bytes)
"""A rank, and a hash of the deeds."""

NO_DEEDS = DeedKey(b"")
"""The key of a window that writes nothing under a lock."""

SPLIT_RANK, WHOLE_RANK = b"\x00", b"\x01"


def is_split(key: DeedKey) -> bool:
    """Whether an update of such windows may lose something."""
    return key.startswith(SPLIT_RANK)
