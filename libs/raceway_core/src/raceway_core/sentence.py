"""What a finding says in words: the missing edge and the fix, one sentence each.

The missing edge names both places and threads, and what would have ordered them. The fix names the
lock that the variable's other accesses hold, else the lines that one lock has to span.
"""

from __future__ import annotations

from collections.abc import Iterable

from raceway_core.event import AccessType, HeldLock, LockMode
from raceway_core.event_words import ACCESS_WORDS
from raceway_core.finding import AccessEvidence, FindingKind, Verdict
from raceway_core.identity import Place


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
    pair = f"{_described(first)} and {_described(second, than=first)}"
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
    task = (second.trace_id, second.thread_id)
    reads = (access for access in witness if access.access_type is AccessType.READ)
    read = next((access for access in reads if (access.trace_id, access.thread_id) == task), None)
    mine, theirs = _described(first), _described(second, than=first)
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


def _described(access: AccessEvidence, than: AccessEvidence | None = None) -> str:
    thread = access.thread_id or "an unnamed thread"
    foreign = than is not None and than.service != access.service
    who = f"{thread} of {access.service}" if foreign else thread
    return f"the {ACCESS_WORDS[access.access_type]} at {_location(access)} ({who})"


def _location(access: AccessEvidence) -> str:
    return access.location or "an unknown place"


def _common_locks(first: tuple[HeldLock, ...], second: tuple[HeldLock, ...]) -> str:
    return ", ".join(sorted({lock.id for lock in first} & {lock.id for lock in second}))


def _no_cause(first: AccessEvidence, second: AccessEvidence) -> str:
    if first.trace_id != second.trace_id:
        return "no cause joins their two traces"
    return "neither causes the other"
