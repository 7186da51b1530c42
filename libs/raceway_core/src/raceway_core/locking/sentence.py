"""What a deadlock says in words: who holds what and asks for what, and how to keep them apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from raceway_core.event import LockMode
from raceway_core.finding import AccessEvidence
from raceway_core.identity import Place, place_of
from raceway_core.sentence import span_of

_NUMBERS = {2: "two", 3: "three", 4: "four"}


class Party(NamedTuple):
    """One of those who wait; `parents` are those that await it, the nearest first.

    `keeps` is the lock that the one before waits for; `is_own` if it is held by the task itself.
    """

    name: str
    wants: AccessEvidence
    keeps: str
    is_own: bool
    parents: Sequence[str]

    @property
    def lock(self) -> str:
        return self.wants.variable


def summary_of(parties: Sequence[Party], *, more: int, is_actual: bool) -> str:
    """Return the headline of a deadlock of these and so many more."""
    can = "waits" if is_actual else "can wait"
    if len(parties) == 1:
        owner = "it holds itself" if parties[0].is_own else "its waiting parent holds"
        return f"a task {can} for ever for lock {parties[0].lock}, which {owner}"
    verb = "wait" if is_actual else "can wait"
    size = len(parties) + more
    locks = sorted({party.lock for party in parties})
    listed = ", ".join([*locks, "…"]) if more else _listed(locks)
    return f"{_NUMBERS.get(size, f'{size:,}')} tasks {verb} for each other for ever: {listed}"


def missing_edge_of(parties: Sequence[Party], *, more: int, is_actual: bool) -> str:
    """Return who holds what and asks for what, and what is missing."""
    others = [f"{more:,} more in the circle do likewise"] if more else []
    told = ", while ".join([*map(_told, parties), *others])
    if is_actual:
        return f"Nobody can go on: {told}."
    if len(parties) == 1:
        return f"Nothing keeps the lock from being taken first: {told}."
    return f"Nothing keeps these apart, neither a cause nor a common lock: {told}."


def fix_of(parties: Sequence[Party]) -> str:
    """Return how to make the deadlock impossible."""
    locks = sorted({party.lock for party in parties})
    if any(not party.is_own for party in parties):
        kept = _listed(sorted({party.keeps for party in parties if not party.is_own}))
        return f"Release {kept} before awaiting the task that needs a lock itself."
    if len(parties) == 1:
        return f"Make lock {locks[0]} re-entrant, or release it before {span_of(_places(parties))}."
    if len(locks) == 1:
        return f"Take lock {locks[0]} exclusively from the start in {span_of(_places(parties))}."
    order = ", then ".join(locks)
    return f"Take the locks in one order everywhere, such as {order}: see {span_of(_places(parties))}."


def _places(parties: Sequence[Party]) -> list[Place]:
    return [place_of(party.wants.location) for party in parties]


def _told(party: Party) -> str:
    where = party.wants.location or "an unknown place"
    mode = " shared" if _mode_kept(party) is LockMode.SHARED else ""
    if party.is_own:
        return f"{party.name} holds {party.keeps}{mode} and asks for {party.lock} at {where}"
    parents = _listed(party.parents)
    verbs = ("awaits", "holds") if len(party.parents) == 1 else ("await", "hold")
    keeping = f"{parents}, which {verbs[0]} it, {verbs[1]} {party.keeps}{mode}"
    return f"{party.name} asks for {party.lock} at {where} while {keeping}"


def _mode_kept(party: Party) -> LockMode | None:
    return next((lock.mode for lock in party.wants.lockset if lock.id == party.keeps), None)


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
