"""An explanation in words: what orders two events, or what is missing between them."""

from __future__ import annotations

from raceway_core.graph.edge import EdgeKind
from raceway_core.moment import Moment
from raceway_core.reason.explanation import Explanation, LockRelation, Relation, Way
from raceway_core.runner import told_apart
from raceway_core.sentence import lock_gap, lock_names


def sentence_of(explanation: Explanation) -> str:
    """Return why two events are ordered, or what would have ordered them."""
    first, second = _described(explanation.first.moment, explanation.second.moment)
    match explanation.relation:
        case Relation.BEFORE:
            return _sentence(f"{first} happens before {second}: {_by(explanation)}.")
        case Relation.AFTER:
            return _sentence(f"{second} happens before {first}: {_by(explanation)}.")
        case Relation.BEGAN_BEFORE:
            return _sentence(f"{first} had not ended when {second} followed from it: {_by(explanation)}.")
        case Relation.BEGAN_AFTER:
            return _sentence(f"{second} had not ended when {first} followed from it: {_by(explanation)}.")
        case Relation.CONCURRENT:
            return f"{_missing(explanation, f'{first} and {second}')} {_ancestry(explanation)}"


def _described(first: Moment, second: Moment) -> tuple[str, str]:
    mine, theirs = first.runner_name, second.runner_name
    if mine == theirs and first.runner != second.runner:
        mine, theirs = told_apart([first.runner, second.runner], [first.location, second.location])
    return first.event_words(mine), second.event_words(theirs)


def _missing(explanation: Explanation, pair: str) -> str:
    mine, theirs = explanation.first.lockset, explanation.second.lockset
    match explanation.locks:
        case LockRelation.GUARDED:
            common = tuple(lock for lock in mine if lock.id in {other.id for other in theirs})
            return f"Only {lock_names(common)} orders {pair}."
        case LockRelation.ORDERED:
            return f"Only the order in which a lock was granted separates {pair}: no lock is held at both."
        case LockRelation.NONE:
            return f"Nothing orders {pair}: neither causes the other{lock_gap(mine, theirs)}."


def _ancestry(explanation: Explanation) -> str:
    if explanation.ancestor is None:
        return "No event of the trace comes before both."
    return f"Both follow {explanation.ancestor}."


def _by(explanation: Explanation) -> str:
    (way,) = explanation.ways
    return _kinds(way)


def _kinds(way: Way) -> str:
    others = [kind.value for kind in way.kinds if kind is not EdgeKind.PROGRAM]
    return f"by {', '.join(others)}" if others else "one chain ran them in this order"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]
