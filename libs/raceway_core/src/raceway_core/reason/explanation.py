"""What `raceway_core.why` tells of two events."""

from __future__ import annotations

from enum import Enum

import msgspec

from raceway_core.event import HeldLock
from raceway_core.graph.edge import EdgeKind
from raceway_core.moment import Moment


class Relation(Enum):
    """How the first of two events stands to the second. The value is the word shown to a reader."""

    BEFORE = "before"
    AFTER = "after"
    BEGAN_BEFORE = "began before"
    BEGAN_AFTER = "began after"
    CONCURRENT = "concurrent"


class LockRelation(Enum):
    """What locks do about two concurrent events: a common one, or only the order of its grants."""

    NONE = "none"
    GUARDED = "guarded"
    ORDERED = "order-dependent"


class Step(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Leads to `moment` by one edge, or along a chain past `passed` other events of it."""

    kind: EdgeKind
    passed: int
    moment: Moment


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Leads from `start` on. Behind the first `cut_after` of `steps`, `left_out` are not shown.

    `kinds` are those of all steps, each once, in the order in which they first appear.
    """

    start: Moment
    steps: tuple[Step, ...]
    cut_after: int
    left_out: int
    kinds: tuple[EdgeKind, ...]


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two events: where it begins, and the locks that are held at it."""

    moment: Moment
    lockset: tuple[HeldLock, ...]


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """Why two events are ordered, or not.

    `ways` holds the one from the earlier to the later event, or the two that lead from `ancestor` to the
    first and to the second; none where nothing is before both.
    """

    first: Party
    second: Party
    relation: Relation
    locks: LockRelation
    ancestor: Moment | None
    ways: tuple[Way, ...]
