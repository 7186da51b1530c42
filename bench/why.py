"""Why one event is before another, in one trace of growing size: the graph, and the way through it.

Workers pass messages in a ring. Each size runs in a process of its own; another way is the best of three.
"""

from __future__ import annotations

import sys
import time

from bench.alone import measured_alone
from raceway_common.collector import settle_gc
from raceway_core.causality import Causality
from raceway_core.event import (
    AccessType,
    Event,
    EventId,
    MessageReceive,
    MessageSend,
    Metadata,
    Payload,
    StateChange,
    TraceId,
    kind_of,
)
from raceway_core.options import DEFAULTS
from raceway_core.reason.explanation import Relation

SIZES = (1_000, 10_000, 100_000)
_WORKERS = 50
_PAYLOADS = 4
_TIMES = 3


def main() -> None:
    """Print a row per size, and the ratio of each figure to the size before."""
    names = ("graph", "locks, first way", "another way")
    print(f"  {'events':>8} " + " ".join(f"{name:>18} {'10 × costs':>11}" for name in names))
    before = [0.0] * len(names)
    for size in SIZES:
        seconds = measured_alone("bench.why", size)
        growth = [f"{now / then:.1f} ×" if then else "-" for now, then in zip(seconds, before, strict=True)]
        cells = [f"{now:>16.4f} s {ratio:>11}" for now, ratio in zip(seconds, growth, strict=True)]
        print(f"  {size:>8,} " + " ".join(cells))
        before = seconds


def _run(size: int) -> tuple[float, float, float]:
    """Return the seconds of building the graph, of the first explanation and of the second."""
    events = _ring(size)
    settle_gc()
    began = time.perf_counter()
    causality = Causality(events, DEFAULTS)
    built = time.perf_counter() - began
    settle_gc()
    return built, _timed(causality, events), min(_timed(causality, events) for _ in range(_TIMES))


def _timed(causality: Causality, events: list[Event]) -> float:
    began = time.perf_counter()
    _explain(causality, events)
    return time.perf_counter() - began


def _explain(causality: Causality, events: list[Event]) -> None:
    if causality.explain(events[0].id, events[-1].id).relation is not Relation.BEFORE:
        raise SystemExit("the ring is broken")


def _ring(size: int) -> list[Event]:
    """Return turns of the workers: each receives, writes twice, and sends to the next."""
    return [_event(number, number // _PAYLOADS % _WORKERS, _payload(number)) for number in range(size)]


def _payload(number: int) -> Payload:
    turn, step = divmod(number, _PAYLOADS)
    if step == 0:
        return MessageReceive(message_id=str(turn - 1))
    if step == _PAYLOADS - 1:
        return MessageSend(message_id=str(turn))
    return StateChange(variable="x", access_type=AccessType.WRITE)


def _event(number: int, worker: int, payload: Payload) -> Event:
    return Event(
        id=EventId(f"event-{number}"),
        trace_id=TraceId("bench"),
        parent_id=None,
        timestamp=number * 1_000,
        kind=kind_of(payload),
        metadata=Metadata(process_id=1, service_name="ring", instance_id="one", task_id=f"worker-{worker}"),
    )


if __name__ == "__main__":
    print(*_run(int(sys.argv[1])))
