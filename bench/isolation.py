"""Histories of 2k and 20k transactions in 50 sessions over 1,000 keys: the whole check.

`serial` ran one after the other. In `stale` every hundredth transaction read from an old snapshot,
in `broken` every third did, so that nearly everything is in one component.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from random import Random

from bench.alone import measured_alone
from raceway_core.isolation.check import check
from raceway_core.isolation.history import History, Operation, OpKind, Status, Transaction, Value

SESSIONS, KEYS = 50, 1_000
SIZES = (2_000, 20_000)
STALE = {"serial": 0.0, "stale": 0.01, "broken": 0.33}
_SNAPSHOT_EVERY, _SNAPSHOTS = 50, 5


def main() -> None:
    """Print a row per kind of key, history and size, and the ratio of each to the size before."""
    print(f"  {'keys':<9} {'history':<7} {'transactions':>12} {'check':>9} {'10 × costs':>11}", end="")
    print(f" {'peak memory':>12} {'anomalies':>10}")
    for kind in (OpKind.WRITE, OpKind.APPEND):
        for name in STALE:
            before = 0.0
            for size in SIZES:
                seconds, peak_mb, anomalies = measured_alone("bench.isolation", kind.value, name, size)
                growth = f"{seconds / before:.1f} ×" if before else "-"
                keys = "registers" if kind is OpKind.WRITE else "lists"
                print(f"  {keys:<9} {name:<7} {size:>12,} {seconds:>7.2f} s {growth:>11}", end="")
                print(f" {peak_mb:>9.0f} MB {int(anomalies):>10,}")
                before = seconds


def _check(kind: OpKind, name: str, size: int) -> tuple[float, float, int]:
    """Return the seconds, the peak memory in MB and the number of anomalies."""
    history = _history(kind, STALE[name], size)
    gc.disable()  # as `raceway analyze` does
    began = time.perf_counter()
    found = check(history)
    seconds = time.perf_counter() - began
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, len(found.anomalies)


def _history(kind: OpKind, stale: float, size: int) -> History:
    random = Random(1)
    state: dict[str, Value] = {}
    snapshots: list[dict[str, Value]] = [{}]
    sessions: list[list[Transaction]] = [[] for _ in range(SESSIONS)]
    for number in range(size):
        seen = random.choice(snapshots) if random.random() < stale else state
        transaction = _transaction(random, number, kind, seen)
        sessions[random.randrange(SESSIONS)].append(transaction)
        for operation in transaction.operations:
            if operation.kind is OpKind.WRITE:
                state[operation.key] = operation.value
            elif operation.kind is OpKind.APPEND:
                before = state.get(operation.key)
                state[operation.key] = (*(before if isinstance(before, tuple) else ()), operation.value)
        if number % _SNAPSHOT_EVERY == 0:
            snapshots = [*snapshots[1 - _SNAPSHOTS :], dict(state)]
    return History(sessions)


def _transaction(random: Random, number: int, kind: OpKind, seen: dict[str, Value]) -> Transaction:
    """Return a transaction of two to five operations, each on a key of its own."""
    keys = random.sample(range(KEYS), random.randint(2, 5))
    operations = [
        Operation(OpKind.READ, f"k{key}", seen.get(f"k{key}"))
        if random.random() < 0.5
        else Operation(kind, f"k{key}", number * 10 + place)
        for place, key in enumerate(keys)
    ]
    return Transaction(f"T{number}", Status.COMMITTED, operations)


if __name__ == "__main__":
    print(*_check(OpKind(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
