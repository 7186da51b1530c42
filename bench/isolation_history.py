"""Histories that the isolation check is measured on, by name: honest ones, and ones made to cost it much."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from raceway_core.isolation.history import INITIAL, History, Operation, OpKind, Status, Transaction, Value

SESSIONS, TRANSACTIONS_PER_KEY = 50, 20
_SNAPSHOTS_TAKEN, _SNAPSHOTS_KEPT = 400, 5
_READ, _WRITE, _APPEND = OpKind.READ, OpKind.WRITE, OpKind.APPEND


def _honest(
    kind: OpKind, stale: float, size: int, *, sessions: int = SESSIONS, unknown: float = 0
) -> History:
    random = Random(1)
    keys = [f"k{number}" for number in range(size // TRANSACTIONS_PER_KEY)]
    state: dict[str, Value] = {}
    snapshots: list[dict[str, Value]] = [{}]
    made: list[list[Transaction]] = [[] for _ in range(sessions)]
    for number in range(size):
        seen = random.choice(snapshots) if random.random() < stale else state
        status = Status.UNKNOWN if random.random() < unknown else Status.COMMITTED
        transaction = Transaction(f"T{number}", status, _steps(random, number, kind, keys, seen))
        made[random.randrange(sessions) if sessions < size else number].append(transaction)
        _apply(state, transaction)
        if number % (size // _SNAPSHOTS_TAKEN) == 0:
            snapshots = [*snapshots[1 - _SNAPSHOTS_KEPT :], dict(state)]
    return History(made)


def _steps(
    random: Random, number: int, kind: OpKind, keys: Sequence[str], seen: dict[str, Value]
) -> list[Operation]:
    """Return two to five operations, each on a key of its own."""
    return [
        Operation(_READ, key, seen.get(key))
        if random.random() < 0.5
        else Operation(kind, key, number * 10 + place)
        for place, key in enumerate(random.sample(keys, random.randint(2, 5)))
    ]


def _apply(state: dict[str, Value], transaction: Transaction) -> None:
    for kind, key, value in transaction.operations:
        if kind is _WRITE:
            state[key] = value
        elif kind is _APPEND:
            before = state.get(key)
            state[key] = (*(before if isinstance(before, tuple) else ()), value)


def _committed(name: str, *steps: tuple[OpKind, str, Value]) -> Transaction:
    return Transaction(name, Status.COMMITTED, [Operation(*step) for step in steps])


def _dealt(transactions: Sequence[Transaction], sessions: int) -> History:
    return History([transactions[first::sessions] for first in range(min(sessions, len(transactions)))])


def _counter(size: int, sessions: int) -> History:
    """One key, read and written by all, one after another."""
    steps = (
        ((_READ, "hot", number - 1 if number else INITIAL), (_WRITE, "hot", number)) for number in range(size)
    )
    return _dealt([_committed(f"T{number}", *step) for number, step in enumerate(steps)], sessions)


def _guess(size: int, sessions: int) -> History:
    """One key, written by all, each of which read any of the last hundred versions."""
    random = Random(1)
    return _dealt(
        [
            _committed(
                f"T{number}",
                (_READ, "hot", random.randrange(max(0, number - 100), number) if number else INITIAL),
                (_WRITE, "hot", number),
            )
            for number in range(size)
        ],
        sessions,
    )


def _component(size: int) -> History:
    """Each read what two others wrote, any two of all: nearly all are one component."""
    random = Random(1)
    made = []
    for number in range(size):
        reads = [(_READ, f"k{other}", other) for other in random.sample(range(size), 2)]
        made.append(_committed(f"T{number}", *reads, (_WRITE, f"k{number}", number)))
    return _dealt(made, SESSIONS)


def _list(size: int) -> History:
    """One list, read whole after each append: as long as half of the values are in one read."""
    appends = int((2 * size) ** 0.5)
    made: list[Transaction] = []
    for number in range(appends):
        made.append(_committed(f"A{number}", (_APPEND, "list", number)))
        made.append(_committed(f"R{number}", (_READ, "list", tuple(range(number + 1)))))
    return _dealt(made, SESSIONS)


def _hub(size: int) -> History:
    """Half wrote one key; one transaction saw them all; half saw that one, and read any version."""
    half = size // 2
    writes = [_committed(f"W{n}", (_WRITE, "x", n), (_WRITE, f"y{n}", n)) for n in range(half)]
    hub = _committed("hub", *((_READ, f"y{n}", n) for n in range(half)), (_WRITE, "z", 1))
    reads = [_committed(f"R{n}", (_READ, "z", 1), (_READ, "x", n)) for n in range(half)]
    return _dealt([*writes, hub, *reads], size + 1)


_Shapes = dict[str, Callable[[int], History]]

HONEST: _Shapes = {
    f"{keys} {name}": partial(_honest, kind, stale)
    for keys, kind in (("registers", _WRITE), ("lists", _APPEND))
    for name, stale in (("serial", 0.0), ("stale", 0.01), ("broken", 0.33))
}

HOSTILE: _Shapes = {
    "one session": partial(_honest, _WRITE, 0.0, sessions=1),
    "a session each": lambda size: _honest(_WRITE, 0.0, size, sessions=size),
    "half of unknown end": partial(_honest, _WRITE, 0.0, unknown=0.5),
    "one counter": partial(_counter, sessions=SESSIONS),
    "one counter, alone": lambda size: _counter(size, size),
    "one key, guessed": partial(_guess, sessions=SESSIONS),
    "one key, guessed, alone": lambda size: _guess(size, size),
    "one component": _component,
    "one long list": lambda size: _list(5 * size),
    "one hub": _hub,
}
