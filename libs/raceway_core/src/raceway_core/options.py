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


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Scopes of what declares none, and what counts as slow.

    A variable is global, because races across services are asked for. A lock is its service's,
    because a lock that guards across services is rare and assuming one would hide races.
    """

    variable_scope: Scope = Scope.GLOBAL
    lock_scope: Scope = Scope.SERVICE
    latency: Latency = Latency()


DEFAULTS = Options()
