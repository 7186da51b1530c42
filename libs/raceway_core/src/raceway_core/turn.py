"""Turns: windows that need no comparison, because each began after the others under the same rules.

A variable that its code protects well is touched by trace after trace, and every comparison of its
windows finds nothing. A *turn* is the little that shows it without opening a window again: the rules
by which the window can neither race nor lose an update among its like, when it began and ended, and
the versions that it saw. Windows that *follow* one another in such turns are a run without findings,
and one more that follows costs the same however long the run is.

This is `raceway_core.across.glance`, asked as windows come: where turns follow one another, a glance
at all of them says that nothing can race and nothing can be lost. The converse does not hold; a run
whose turns do not follow is looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NewType

import msgspec

PackedTurn = NewType("PackedTurn", bytes)
"""A `Turn` as it is stored, or `NO_TURN`."""

NO_TURN = PackedTurn(b"")

UNVERSIONED = -1


class Turn(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One window, or several that follow one another, as a turn.

    `rules` name what protects it (`raceway_core.across.turn_writer`); empty where nothing does, which
    only those can have that are `is_read_only`. `seen` is the version that it found and `left` the one
    that it left, both -1 without versions.
    """

    rules: bytes
    is_read_only: bool
    first_ns: int
    last_ns: int
    seen: int = UNVERSIONED
    left: int = UNVERSIONED


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Turn)


def pack_turn(turn: Turn) -> PackedTurn:
    """Return `turn` as a window carries it."""
    return PackedTurn(_encoder.encode(turn))


def follow(turns: Collection[PackedTurn]) -> PackedTurn:
    """Return windows' turns, given in any order, as one; `NO_TURN` where they do not follow one another.

    Time: O(n log n).
    """
    if len(turns) == 1:
        return next(iter(turns))
    if not all(turns):
        return NO_TURN
    in_time = sorted(map(_decoder.decode, turns), key=lambda turn: turn.first_ns)
    joined: Turn | None = in_time[0]
    for turn in in_time[1:]:
        joined = _join(joined, turn) if joined else None
    return pack_turn(joined) if joined else NO_TURN


def _join(before: Turn, after: Turn) -> Turn | None:
    is_read_only = before.is_read_only and after.is_read_only
    last_ns = max(before.last_ns, after.last_ns)
    if before.rules == after.rules != b"" and after.first_ns > before.last_ns and after.seen >= before.left:
        return Turn(before.rules, is_read_only, before.first_ns, last_ns, before.seen, after.left)
    return Turn(b"", is_read_only, before.first_ns, last_ns) if is_read_only else None
