"""What a finding says in words: the missing edge and the fix, one sentence each.

The missing edge names both places and what ran there, told apart by `raceway_core.runner`, and what would
have ordered them. The fix names the lock that the variable's other accesses hold, else the lines that one
lock has to span.
"""

from __future__ import annotations

from collections.abc import Iterable

from raceway_core.event import AccessType, HeldLock, LockMode
from raceway_core.event_words import ACCESS_WORDS
from raceway_core.finding import AccessEvidence, FindingKind, Verdict
from raceway_core.identity import Place
from raceway_core.runner import told_apart


def summary_of(kind: FindingKind, variable: str, first: AccessType, second: AccessType) -> str:
    """Return the headline of a finding."""
    if kind is FindingKind.LOST_UPDATE:
        return f"one update of {variable} overwrote another that it had not seen"
    if first is second:
        return f"two {ACCESS_WORDS[first]}s of {variable} race"
    return f"{ACCESS_WORDS[first]} and {ACCESS_WORDS[second]} of {variable} race"


def missing_edge_of(
    verdict: Verdict, first: AccessEvidence, second: AccessEvidence, witness: Iterable[AccessEvidence] = ()
) -> str:
    """Return what is missing between two accesses, the earlier one first; `witness` proves it."""
    pair = " and ".join(_both_described(first, second))
    common = _common_locks(first.lockset, second.lockset)
    match verdict:
        case Verdict.PROVEN:
            return _unprotected(first, second, witness)
        case Verdict.GUARDED:
            return f"Only lock {common} orders {pair}."
        case Verdict.ORDER_DEPENDENT:
            return f"Only the order in which a lock was granted separates {pair}: no lock is held at both."
        case Verdict.OBSERVED | Verdict.POSSIBLE:
            return (
                f"Nothing orders {pair}: {_no_cause(first, second)}{lock_gap(first.lockset, second.lockset)}."
            )


def fix_of(lock: str | None, variable: str, places: Iterable[Place]) -> str:
    """Return what would make accesses at `places` safe; `lock` guards the others, if one does."""
    where = span_of(places)
    if lock is not None:
        return f"Hold lock {lock}, which guards the other accesses of {variable}, across {where}."
    return f"Hold one exclusive lock across {where}."


def span_of(places: Iterable[Place]) -> str:
    """Return the lines between the first and the last place of each file: `bank.py:41–44`."""
    lines: dict[str, list[int]] = {}
    for place in places:
        if place.file:
            lines.setdefault(place.file, []).extend([int(place.line)] if place.line.isdigit() else [])
    return (
        " and ".join(_lines_of(file, numbers) for file, numbers in sorted(lines.items())) or "both accesses"
    )


def _lines_of(file: str, numbers: list[int]) -> str:
    if not numbers:
        return file
    first, last = min(numbers), max(numbers)
    return f"{file}:{first}" if first == last else f"{file}:{first}–{last}"


def _unprotected(first: AccessEvidence, second: AccessEvidence, witness: Iterable[AccessEvidence]) -> str:
    reads = (access for access in witness if access.access_type is AccessType.READ)
    read = next((access for access in reads if access.runner.is_of(second.runner)), None)
    mine, theirs = _both_described(first, second)
    if read is None:
        return f"No lock is held from read to write around {mine} and {theirs}: one update undid the other."
    return (
        f"No lock is held from the read at {_location(read)} to {theirs}, so {mine} came between them unseen."
    )


def lock_gap(first: tuple[HeldLock, ...], second: tuple[HeldLock, ...]) -> str:
    """Return how two locksets fail to protect, as the end of a sentence."""
    common = _common_locks(first, second)
    if not first and not second:
        return ", and no lock is held at either"
    if common and all(lock.mode is LockMode.SHARED for lock in (*first, *second) if lock.id in common):
        return f", and both hold lock {common} only shared"
    return f"; the first holds {lock_names(first)}, the second {lock_names(second)}"


def lock_names(locks: tuple[HeldLock, ...]) -> str:
    """Return the names of some locks."""
    return "lock " + ", ".join(lock.id for lock in locks) if locks else "no lock"


def _both_described(first: AccessEvidence, second: AccessEvidence) -> tuple[str, str]:
    """Return two accesses in words: what, where and by whom, so that they are told apart."""
    mine, theirs = told_apart([first.runner, second.runner], [first.location, second.location])
    return _described(first, mine), _described(second, theirs)


def _described(access: AccessEvidence, who: str) -> str:
    return f"the {ACCESS_WORDS[access.access_type]} at {_location(access)} ({who})"


def _location(access: AccessEvidence) -> str:
    return access.location or "an unknown place"


def _common_locks(first: tuple[HeldLock, ...], second: tuple[HeldLock, ...]) -> str:
    return ", ".join(sorted({lock.id for lock in first} & {lock.id for lock in second}))


def _no_cause(first: AccessEvidence, second: AccessEvidence) -> str:
    if first.trace_id != second.trace_id:
        return "no cause joins their two traces"
    return "neither causes the other"
