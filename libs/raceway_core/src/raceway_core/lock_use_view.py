"""The use of a lock as JSON: nanoseconds as decimal strings."""

from __future__ import annotations

import msgspec

from raceway_core.result import LockUse


class LockUseView(msgspec.Struct, frozen=True, kw_only=True):
    """How one lock was used. A wait is contended if another task of the trace held the lock meanwhile.

    `owners` are threads, `waiters` those that waited contended; `longest_chain` is how many waits stood
    in a row from this lock on.
    """

    lock: str
    scope: str
    services: tuple[str, ...]
    holds: int
    hold_ns: str
    longest_hold_ns: str
    waits: int
    wait_ns: str
    longest_wait_ns: str
    contended: int
    contended_ns: str
    owners: tuple[str, ...]
    waiters: tuple[str, ...]
    longest_chain: int


def view_lock_use(use: LockUse) -> LockUseView:
    """Return `use` for a reader."""
    return LockUseView(
        lock=use.lock,
        scope=use.scope,
        services=use.services,
        holds=use.holds,
        hold_ns=str(use.hold_ns),
        longest_hold_ns=str(use.longest_hold_ns),
        waits=use.waits,
        wait_ns=str(use.wait_ns),
        longest_wait_ns=str(use.longest_wait_ns),
        contended=use.contended,
        contended_ns=str(use.contended_ns),
        owners=use.owners,
        waiters=use.waiters,
        longest_chain=use.longest_chain,
    )
