"""One trace of 100k events that arrives in 1,000 batches, against its analysis in one go.

The batches come at different paces, a few of them after all others are analyzed. When the trace is
analyzed again is what the store's schedule says, in simulated time; what an analysis costs is measured
on the analyzer's own job, chunks in and packed results out.
"""

from __future__ import annotations

import time

import msgspec

from bench.task_event import task_event
from raceway_analyzer.job import Job, analyze
from raceway_common.compression import compress
from raceway_common.ports.work_queue import TraceClaim
from raceway_common.schedule import PACE, Progress, due_ns
from raceway_core.event import AccessType, AsyncSpawn, Event, FunctionCall, Payload, StateChange, TraceId
from raceway_core.options import DEFAULTS

EVENTS, BATCHES, CHAINS = 100_000, 1_000, 64
INTERVALS_MS = (1, 10, 100, 1_000, 4_000, 9_000)
_NS_PER_MS = 1_000_000


def main() -> None:
    """Print what all analyses of the growing trace cost, for each interval between its batches."""
    size = EVENTS // BATCHES
    chunks = [
        compress(msgspec.msgpack.encode([_event(number) for number in range(begin, begin + size)]))
        for begin in range(0, EVENTS, size)
    ]
    _seconds(chunks[:10])  # whatever is loaded or cached at first use
    at_once = _seconds(chunks)
    print(f"  in one go, {EVENTS:,} events in {BATCHES:,} chunks: {at_once:.3f} s\n")
    print(f"  {'a batch every':>14} {'analyses':>9} {'all of them':>12} {'ratio':>7} {'of a core':>10}")
    for interval_ms in INTERVALS_MS:
        analyzed = _analyzed(BATCHES, interval_ms * _NS_PER_MS)
        seconds = sum(_seconds(chunks[:batches]) for batches in analyzed)
        share = seconds / (BATCHES * interval_ms / 1_000)
        figures = f"{len(analyzed):>9} {seconds:>10.3f} s {seconds / at_once:>5.1f} × {share:>10.1%}"
        print(f"  {interval_ms:>11} ms {figures}")


def _analyzed(batches: int, interval_ns: int) -> list[int]:
    """Return after how many batches the trace is analyzed, where a batch comes every `interval_ns`."""
    analyzed: list[int] = []
    done, spent, since_ns = 0, 0, 0
    for came in range(1, batches + 1):
        touched_ns = came * interval_ns
        progress = Progress(came * 100, done * 100, since_ns, touched_ns, spent_size=spent)
        due = due_ns(progress, PACE)
        if came == batches or due < touched_ns + interval_ns:
            analyzed.append(came)
            done, spent, since_ns = came, spent + came * 100, due
    return analyzed


def _seconds(chunks: list[bytes]) -> float:
    job = Job(TraceClaim(TraceId("bench"), 1, EVENTS), tuple(chunks))
    began = time.perf_counter()
    done = analyze(job, DEFAULTS)
    seconds = time.perf_counter() - began
    if done.error:
        raise SystemExit(done.error)
    return seconds


def _event(number: int) -> Event:
    """Return an event of a job: it spawns the chains, then all take turns; every tenth is an access."""
    if number < CHAINS:
        return task_event(number, "root", AsyncSpawn(task_id=f"task-{number}"))
    chain, turn = number % CHAINS, number // CHAINS
    payload: Payload = FunctionCall(function_name="work", file="worker.py", line=1)
    if (turn + chain) % 10 == 0:
        kind = AccessType.WRITE if (turn + chain) % 30 == 0 else AccessType.READ
        payload = StateChange(variable="total", access_type=kind, location=f"worker.py:{10 + chain % 4} work")
    return task_event(number, f"task-{chain}", payload)
