"""One trace of 1k to 1M events over 64 chains, a tenth of them accesses to one variable.

The full analysis, its growth and its peak memory, each size in a process of its own; and the exact
count of racing pairs against the quadratic definition on the same accesses.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import combinations

from bench.alone import measured_alone
from bench.figure import growth, peak_mb
from bench.task_event import task_event
from raceway_common.collector import settle_gc
from raceway_core.access import Access, accesses_of
from raceway_core.analysis import analyze_trace
from raceway_core.causal_graph import build_graph
from raceway_core.clock import clocks_of
from raceway_core.event import (
    AccessType,
    AsyncSpawn,
    Event,
    FunctionCall,
    MessageReceive,
    MessageSend,
    Payload,
    StateChange,
    TraceId,
)
from raceway_core.finding import Verdict
from raceway_core.lock_order import lock_edges
from raceway_core.lockset import locks_of
from raceway_core.options import DEFAULTS
from raceway_core.race import Judge, Order, find_races
from raceway_core.transaction import transactions_of

CHAINS = 64
SIZES = (1_000, 10_000, 100_000, 1_000_000)
DEFINED_UP_TO = 30_000
_NO_RACE = (None, Verdict.GUARDED)


def main() -> None:
    """Print a row per size, and the ratio of each to the size before."""
    print(f"  {'events':>9} {'analysis':>10} {'10 × costs':>11} {'peak memory':>12} {'racing pairs':>14}")
    before = None
    for size in SIZES:
        seconds, peak, pairs = measured_alone("bench.analyze", "trace", size)
        grew = growth(seconds, before)
        print(f"  {size:>9,} {seconds:>8.3f} s {grew:>11} {peak:>9.0f} MB {int(pairs):>14,}")
        before = seconds
    print(f"\n  {'accesses':>9} {'exact count':>12} {'10 × costs':>11} {'peak memory':>12}", end="")
    print(f" {'definition':>11} {'ratio':>9} {'pairs':>14}")
    before = None
    for size in SIZES:
        fast, peak, pairs, slow = measured_alone("bench.analyze", "count", size)
        times = f"{slow:>9.3f} s {slow / fast:>7.0f} ×" if slow else f"{'-':>11} {'-':>9}"
        print(f"  {size // 10:>9,} {fast * 1000:>9.1f} ms {growth(fast, before):>11} {peak:>9.0f} MB", end="")
        print(f" {times} {int(pairs):>14,}")
        before = fast


def _trace(size: int) -> tuple[float, float, int]:
    """Return the seconds, the peak memory in MB and the racing pairs of one analysis."""
    events = _events(size)
    settle_gc()
    began = time.perf_counter()
    result = analyze_trace(TraceId("bench"), events)
    seconds = time.perf_counter() - began
    return seconds, peak_mb(), result.race_pairs


def _count(size: int) -> tuple[float, float, int, float]:
    """Return the seconds of the exact count, the peak memory in MB, the pairs, and the definition's seconds.

    These are 0 where the definition would take too long; where it does not, both must find the same.
    """
    accesses, order = _accesses(size)
    settle_gc()
    began = time.perf_counter()
    races = find_races(accesses, order)
    fast = time.perf_counter() - began
    peak, counted = peak_mb(), races.pair_count if races else 0
    return fast, peak, counted, _defined(accesses, order, counted) if size <= DEFINED_UP_TO else 0


def _defined(accesses: Sequence[Access], order: Order, counted: int) -> float:
    """Return the seconds of the quadratic definition; it has to find as many pairs as were counted."""
    judge = Judge(accesses, order, frozenset())
    began = time.perf_counter()
    defined = sum(judge(first, second) not in _NO_RACE for first, second in combinations(accesses, 2))
    seconds = time.perf_counter() - began
    if counted != defined:
        raise SystemExit(f"the count is {counted}, the definition says {defined}")
    return seconds


def _accesses(size: int) -> tuple[Sequence[Access], Order]:
    graph = build_graph(_events(size))
    clocks = clocks_of(graph)
    locks = locks_of(graph, DEFAULTS)
    order = Order(clocks, clocks.extended(lock_edges(graph, locks.holds)))
    by_variable = accesses_of(
        graph,
        transactions=transactions_of(graph),
        locksets=locks.locksets,
        order=clocks.rank,
        options=DEFAULTS,
    )
    ((_, accesses),) = by_variable.items()
    return accesses, order


def _events(size: int) -> list[Event]:
    """Return a root that spawns the chains, then turns of all chains; every tenth turn is an access."""
    spawns: list[Payload] = [AsyncSpawn(task_id=f"task-{chain}") for chain in range(CHAINS)]
    events = [_event(number, "root", payload) for number, payload in enumerate(spawns)]
    for number in range(len(events), size):
        chain, turn = number % CHAINS, number // CHAINS
        events.append(_event(number, f"task-{chain}", _payload(chain, turn)))
    return events


def _payload(chain: int, turn: int) -> Payload:
    if (turn + chain) % 10 == 0:
        kind = AccessType.WRITE if (turn + chain) % 30 == 0 else AccessType.READ
        return StateChange(variable="total", access_type=kind, location=f"worker.py:{10 + chain % 4} work")
    if turn % 50 == 49:
        send = chain % 2 == 0
        message = f"{turn}-{chain // 2}"
        return MessageSend(message_id=message) if send else MessageReceive(message_id=message)
    return FunctionCall(function_name="work", file="worker.py", line=1)


def _event(number: int, task: str, payload: Payload) -> Event:
    is_locked = isinstance(payload, StateChange) and number % 3 == 0
    return task_event(number, task, payload, *(("total_lock",) if is_locked else ()))


if __name__ == "__main__":
    print(*{"trace": _trace, "count": _count}[sys.argv[1]](int(sys.argv[2])))
