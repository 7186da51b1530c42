"""What a deployment may decide about the analysis; everything else follows from the events."""

from __future__ import annotations

import msgspec

from raceway_core.event import Scope


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """Scopes of what declares none.

    A variable is global, because races across services are asked for. A lock is its service's,
    because a lock that guards across services is rare and assuming one would hide races.
    """

    variable_scope: Scope = Scope.GLOBAL
    lock_scope: Scope = Scope.SERVICE


DEFAULTS = Options()
