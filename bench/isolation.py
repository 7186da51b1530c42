"""Histories of transactions: the whole check, of honest shapes to 200k transactions and of hostile ones.

Honest: 50 sessions. `serial` ran one after the other; in `stale` every hundredth transaction read from
an old snapshot, in `broken` every third did, so that nearly everything is in one component. There is a
key for each 20 transactions, and a snapshot is as old in parts of the history, so that each size is as
hard as the others. A read of a list is all of it, so what grows is also the input: its size is in
values. Where it is full of cycles, the search for them grows with what it finds, up to its bound. Up to
20k the time is the best of three.
"""

from __future__ import annotations

import gc
import sys
import time

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from bench.isolation_history import HONEST, HOSTILE
from raceway_core.isolation.check import check

SIZES = (2_000, 20_000)
LARGE = {"registers serial": 200_000, "registers stale": 200_000}


def main() -> None:
    """Print a row per history and size, and how time grew for ten times the values."""
    for shapes in (HONEST, HOSTILE):
        print(f"  {'history':<24} {'transactions':>12} {'values':>9} {'check':>9} {'10 × costs':>11}", end="")
        print(f" {'peak memory':>12} {'anomalies':>10}  {'cut short':<9}")
        for name in shapes:
            before: tuple[float, float] | None = None
            for size in [*SIZES, *([LARGE[name]] if name in LARGE else [])]:
                before = _print_row(name, size, before)


def _print_row(name: str, size: int, before: tuple[float, float] | None) -> tuple[float, float]:
    arguments = name.replace(" ", "_"), size
    transactions, values, seconds, peak, anomalies, cuts = measured_alone("bench.isolation", *arguments)
    grew = growth(seconds, before[1], times=values / before[0]) if before else "-"
    print(f"  {name:<24} {int(transactions):>12,} {int(values):>9,} {seconds:>7.2f} s {grew:>11}", end="")
    print(f" {peak:>9.0f} MB {int(anomalies):>10,}  {'yes' if cuts else '-':<9}")
    return values, seconds


def _check(name: str, size: int) -> tuple[int, int, float, float, int, int]:
    """Return transactions, values, seconds, peak memory in MB, anomalies and what was cut short."""
    history = {**HONEST, **HOSTILE}[name](size)
    values = sum(
        len(operation.value) if isinstance(operation.value, tuple) else 1
        for transaction in history.transactions
        for operation in transaction.operations
    )
    gc.disable()  # as `raceway analyze` does
    times = []
    for _ in range(3 if size <= SIZES[-1] else 1):
        began = time.perf_counter()
        found = check(history)
        times.append(time.perf_counter() - began)
    seconds = min(times)
    return found.transactions, values, seconds, peak_mb(), len(found.anomalies), len(found.cut)


if __name__ == "__main__":
    print(*_check(sys.argv[1].replace("_", " "), int(sys.argv[2])))
