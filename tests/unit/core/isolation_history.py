"""Histories for tests: written as text, drawn at random, and judged by the slow definitions.

`T1 r,x,0 w,x,1` is a committed transaction T1 that read x = 0 and wrote x = 1; `a` appends. `T1!`
aborted, and what became of `T1?` is not known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, combinations, permutations
from typing import NamedTuple

from hypothesis import strategies as st

from raceway_core.isolation.history import (
    INITIAL,
    History,
    Operation,
    OpKind,
    Status,
    Transaction,
    Value,
    comparable,
)

_KINDS = {"r": OpKind.READ, "w": OpKind.WRITE, "a": OpKind.APPEND}
_ENDS = {"!": Status.ABORTED, "?": Status.UNKNOWN}


def history(*sessions: Sequence[str]) -> History:
    """Return a history of sessions of transactions, each written as text."""
    return History([[_transaction(text) for text in session] for session in sessions])


def _transaction(text: str) -> Transaction:
    name, *steps = text.split()
    status = _ENDS.get(name[-1], Status.COMMITTED)
    return Transaction(name.rstrip("!?"), status, [_operation(step) for step in steps])


def _operation(step: str) -> Operation:
    kind, key, value = step.split(",", 2)
    return Operation(_KINDS[kind], key, comparable(json.loads(value)))


@st.composite
def sessions_of(
    draw: st.DrawFn, most: int, statuses: Sequence[Status] = (Status.COMMITTED,)
) -> list[list[int]]:
    """Draw how many transactions stand in which session, numbered from 0."""
    count = draw(st.integers(2, most))
    cuts = draw(st.lists(st.booleans(), min_size=count - 1, max_size=count - 1))
    sessions = [[0]]
    for number, is_cut in enumerate(cuts, start=1):
        if is_cut:
            sessions.append([])
        sessions[-1].append(number)
    return sessions


@st.composite
def clean_registers(draw: st.DrawFn) -> History:
    """Draw committed transactions that read each key once, before they write it, and never an own value."""
    sessions = draw(sessions_of(5))
    count = sum(map(len, sessions))
    keys = ("x", "y")
    writes = [[key for key in keys if draw(st.integers(0, 2))] for _ in range(count)]
    made = []
    for number in range(count):
        steps = []
        for key in keys:
            sources = [other for other in range(count) if other != number and key in writes[other]]
            if draw(st.integers(0, 3)):
                source = draw(st.sampled_from([None, *sources]))
                steps.append(Operation(OpKind.READ, key, INITIAL if source is None else source))
        steps += [Operation(OpKind.WRITE, key, number) for key in writes[number]]
        made.append(Transaction(f"T{number}", Status.COMMITTED, steps))
    return History([[made[number] for number in session] for session in sessions])


@st.composite
def wild(draw: st.DrawFn) -> History:
    """Draw anything: repeated values, lists and registers, aborted and unknown transactions."""
    sessions = draw(sessions_of(5))
    kinds = {"x": OpKind.WRITE, "y": draw(st.sampled_from([OpKind.WRITE, OpKind.APPEND]))}
    values = st.integers(1, draw(st.sampled_from([3, 9])))
    made = {}
    for number in range(sum(map(len, sessions))):
        steps = []
        for _ in range(draw(st.integers(1, 3))):
            key = draw(st.sampled_from("xy"))
            if draw(st.booleans()):
                steps.append(Operation(kinds[key], key, draw(values)))
            elif kinds[key] is OpKind.WRITE:
                steps.append(Operation(OpKind.READ, key, draw(st.one_of(st.none(), values))))
            else:
                seen = draw(st.lists(values, max_size=3, unique=True))
                steps.append(Operation(OpKind.READ, key, tuple(seen) or INITIAL))
        status = draw(st.sampled_from([Status.COMMITTED, Status.COMMITTED, *Status]))
        made[number] = Transaction(f"T{number}", status, steps)
    return History([[made[number] for number in session] for session in sessions])


@st.composite
def serial(draw: st.DrawFn) -> History:
    """Draw what a database that runs one transaction after another shows to its clients."""
    sessions = draw(sessions_of(7))
    place = {number: session for session, numbers in enumerate(sessions) for number in numbers}
    kinds = {"x": OpKind.WRITE, "y": OpKind.APPEND, "z": OpKind.WRITE}
    state: dict[str, Value] = {}
    made: list[list[Transaction]] = [[] for _ in sessions]
    order = draw(st.permutations(list(place.values())))
    for number, session in enumerate(order):
        before, steps = dict(state), []
        status = draw(st.sampled_from([Status.COMMITTED, Status.COMMITTED, *Status]))
        for step in range(draw(st.integers(1, 4))):
            key = draw(st.sampled_from("xyz"))
            kind = draw(st.sampled_from([OpKind.READ, kinds[key]]))
            value: Value = number * 10 + step
            if kind is OpKind.READ:
                value = state.get(key, INITIAL)
            else:
                apply(state, Operation(kind, key, value))
            steps.append(Operation(kind, key, value))
        made[session].append(Transaction(f"T{number}", status, steps))
        if status is Status.ABORTED or (status is Status.UNKNOWN and draw(st.booleans())):
            state = before
    return History(made)


def apply(state: dict[str, Value], operation: Operation) -> None:
    """Do a write or an append to the values of a database."""
    before = state.get(operation.key, INITIAL)
    if operation.kind is OpKind.APPEND:
        state[operation.key] = (*(before if isinstance(before, tuple) else ()), operation.value)
    else:
        state[operation.key] = operation.value


def is_serializable(given: History) -> bool:
    """Whether some order of the committed and some unknown transactions explains every read: tries all."""
    sessions = [list(session) for session in given.sessions]
    unknown = [one for one in given.transactions if one.status is Status.UNKNOWN]
    subsets = chain.from_iterable(combinations(unknown, size) for size in range(len(unknown) + 1))
    for subset in subsets:
        kept = {one.id for one in subset} | {
            one.id for one in given.transactions if one.status is Status.COMMITTED
        }
        queues = [[one for one in session if one.id in kept] for session in sessions]
        if any(_explains(order) for order in _merges(queues)):
            return True
    return False


def _merges(queues: Sequence[Sequence[Transaction]]) -> Iterator[list[Transaction]]:
    """Yield the orders of all transactions that keep each session's."""
    if not any(queues):
        yield []
    for place, queue in enumerate(queues):
        if queue:
            rest = [*queues[:place], queue[1:], *queues[place + 1 :]]
            yield from ([queue[0], *order] for order in _merges(rest))


def _explains(order: Sequence[Transaction]) -> bool:
    state: dict[str, Value] = {}
    for transaction in order:
        for operation in transaction.operations:
            if operation.kind is not OpKind.READ:
                apply(state, operation)
            elif state.get(operation.key, INITIAL) != operation.value:
                return False
    return True


class Facts(NamedTuple):
    """A clean history of registers as relations. `reads` are (reader, key, writer or None)."""

    size: int
    direct: frozenset[tuple[int, int]]
    causal: frozenset[tuple[int, int]]
    reads: Sequence[tuple[int, str, int | None]]
    writes: Sequence[frozenset[str]]


def facts_of(given: History) -> Facts:
    """Return the relations of a history drawn by `clean_registers`."""
    transactions = given.transactions
    number = {one.id: place for place, one in enumerate(transactions)}
    reads = [
        (place, step.key, step.value if isinstance(step.value, int) else None)
        for place, one in enumerate(transactions)
        for step in one.operations
        if step.kind is OpKind.READ
    ]
    writes = [
        frozenset(step.key for step in one.operations if step.kind is OpKind.WRITE) for one in transactions
    ]
    direct = {(writer, reader) for reader, _, writer in reads if writer is not None}
    for session in given.sessions:
        direct |= {(number[first.id], number[second.id]) for first, second in combinations(session, 2)}
    causal = set(direct)
    for middle in range(len(transactions)):
        causal |= {(a, d) for a, b in causal for c, d in causal if b == c == middle}
    return Facts(len(transactions), frozenset(direct), frozenset(causal), reads, writes)


Axiom = Callable[[Facts, dict[int, int]], bool]


def levels_allowed(facts: Facts) -> set[str]:
    """Return the levels that some commit order satisfies: tries all of them.

    The axioms are those of Biswas & Enea 2019: whoever is visible to a reader and wrote what it read
    committed before the writer that it read from.
    """
    allowed: set[str] = set()
    for order in permutations(range(facts.size)):
        place = {number: at for at, number in enumerate(order)}
        if all(place[first] < place[second] for first, second in facts.direct):
            allowed |= {name for name, holds in AXIOMS.items() if holds(facts, place)}
    return allowed


def _holds(facts: Facts, place: dict[int, int], is_visible: Callable[[int, int], bool]) -> bool:
    for reader, key, source in facts.reads:
        for other in range(facts.size):
            if other in {source, reader} or key not in facts.writes[other] or not is_visible(other, reader):
                continue
            if source is None or place[other] > place[source]:
                return False
    return True


def _in_prefix(facts: Facts, place: dict[int, int], other: int, reader: int) -> bool:
    return any(place[other] <= place[middle] and end == reader for middle, end in facts.direct)


def _in_conflict(facts: Facts, place: dict[int, int], other: int, reader: int) -> bool:
    return any(
        facts.writes[middle] & facts.writes[reader] and place[other] <= place[middle] < place[reader]
        for middle in range(facts.size)
    )


AXIOMS: dict[str, Axiom] = {
    "read-committed": lambda _facts, _place: True,
    "read-atomic": lambda facts, place: _holds(facts, place, lambda a, b: (a, b) in facts.direct),
    "causal": lambda facts, place: _holds(facts, place, lambda a, b: (a, b) in facts.causal),
    "snapshot-isolation": lambda facts, place: _holds(
        facts, place, lambda a, b: _in_prefix(facts, place, a, b) or _in_conflict(facts, place, a, b)
    ),
    "serializable": lambda facts, place: _holds(facts, place, lambda a, b: place[a] < place[b]),
}
