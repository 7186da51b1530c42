"""Dependencies: what a trace leaves of its lock order, for the comparison with other traces.

    thread pay     acq accounts  acq journal      journal was asked for at bank.py:14
                   ─────────────►                 while accounts was held

A *dependency* is a lock that was asked for while others were held, where in the code, and on what way.
Equal ones are a class, whoever has them and how often: there are as many as the code has ways to lock.
Names are exact: `accounts['a']` is not `accounts['b']`, and a lock of one process is not that of another.

A trace whose locks never nest leaves nothing.

Source: Tunç, Mathur, Pavlogiannis, Viswanathan 2023 (abstract lock dependencies).
"""

from __future__ import annotations

import msgspec

from raceway_core.finding import AccessEvidence
from raceway_core.identity import Lock
from raceway_core.locking.span import key_of
from raceway_core.locking.way import Way
from raceway_core.lockset import Lockset


class Dependency(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A class: `lock` is asked for at `location`, reached on `way`, while these are held.

    `own` locks are the task's; the `inherited` ones are those of parents that wait for it. The way is
    packed (`pack_way`): it is only looked at where there is a circle.
    """

    service: str
    location: str
    lock: Lock
    own: Lockset
    inherited: Lockset
    way: bytes

    @property
    def held(self) -> Lockset:
        """All that is held while the lock is asked for."""
        if not self.inherited:
            return self.own
        by_key = {key_of(lock): lock for lock in (*self.own, *self.inherited)}
        return tuple(by_key[key] for key in sorted(by_key))

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scope keys of its locks, sorted: it is looked at with the others of each of them."""
        return tuple(sorted({lock.scope_key for lock in (self.lock, *self.own, *self.inherited)}))


_encoder = msgspec.msgpack.Encoder()
_dependency = msgspec.msgpack.Decoder(Dependency)
_way = msgspec.msgpack.Decoder(Way)
_request = msgspec.msgpack.Decoder(AccessEvidence)


def pack_dependency(dependency: Dependency) -> bytes:
    """Return a class as it is stored: equal ones have equal bytes."""
    return _encoder.encode(dependency)


def unpack_dependency(body: bytes) -> Dependency:
    """Return what `pack_dependency` packed."""
    return _dependency.decode(body)


def pack_way(way: Way) -> bytes:
    """Return a way as a dependency has it."""
    return _encoder.encode(way)


def unpack_way(way: bytes) -> Way:
    """Return what `pack_way` packed."""
    return _way.decode(way)


def pack_request(request: AccessEvidence) -> bytes:
    """Return a request for a lock as it is stored."""
    return _encoder.encode(request)


def unpack_request(body: bytes) -> AccessEvidence:
    """Return what `pack_request` packed."""
    return _request.decode(body)
