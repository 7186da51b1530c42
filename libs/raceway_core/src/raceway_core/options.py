"""What a deployment may decide about the analysis; everything else follows from the events."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from raceway_core.event import Scope


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """What counts as slow, besides what is slow for the operation.

    `limits_ns` are by name of operation what it may take at most. `both_sides`: also report what was
    too fast.
    """

    limits_ns: Mapping[str, int] = {}
    both_sides: bool = False


class Change(msgspec.Struct, frozen=True):
    """A question: what if the operations of this name took `factor` times as long."""

    operation: str
    factor: float


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Scopes of what declares none, what counts as slow, and what to ask of the schedules.

    A variable is global, because races across services are asked for. A lock is its service's,
    because a lock that guards across services is rare and assuming one would hide races.
    """

    variable_scope: Scope = Scope.GLOBAL
    lock_scope: Scope = Scope.SERVICE
    latency: Latency = Latency()
    change: Change | None = None


DEFAULTS = Options()
