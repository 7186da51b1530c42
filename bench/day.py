"""A day of calls for a store: a hundred operations of ten services, and transactions at its end.

Every trace calls all operations of one service; there are 15 of each service in ten minutes. A call takes
about 20 ms, one in 500 ten times as long. The last traces declare transactions on one database.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

import msgspec

from raceway_common.adapters.sql.stores import SqlStores
from raceway_common.packing import pack_outcome
from raceway_common.ports.bus import Position
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.batch import Message, TraceSlice
from raceway_core.bucketed.bucket import BUCKET_NS
from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.isolation.history import Status
from raceway_core.isolation.part import NOTHING, Declared, DeclaredTrace, Step
from raceway_core.measured import Measurement, Operation
from raceway_core.result import ServiceCount, TraceResult, TraceSummary
from raceway_core.value import ValueKey

BUCKETS, SERVICES, OPERATIONS, TRACES = 144, 10, 10, 15
END_NS = 2_991_200 * BUCKET_NS
"""When the day ends; a whole bucket ends there."""

_DECLARING_BUCKETS = 2
_TRANSACTIONS = 5
_BATCH = 250
_MS = 1_000_000
_NO_EVENTS = msgspec.Raw(msgspec.msgpack.encode(["event"]))
_OPERATIONS = [
    [
        Operation(f"service-{service}", f"operation-{number}", "FunctionCall", "")
        for number in range(OPERATIONS)
    ]
    for service in range(SERVICES)
]


async def fill(stores: SqlStores) -> int:
    """Store the day; return how many calls it has."""
    outcomes = list(_outcomes(Random(1)))
    for start in range(0, len(outcomes), _BATCH):
        await keep(stores, outcomes[start : start + _BATCH])
    return sum(len(outcome.calls) for outcome in outcomes)


async def keep(stores: SqlStores, outcomes: Sequence[TraceOutcome]) -> None:
    """Store traces and their results."""
    slices = tuple(TraceSlice(it.claim.trace_id, 1, END_NS, END_NS, _NO_EVENTS) for it in outcomes)
    position = Position(outcomes[0].claim.trace_id, 1)
    await stores.events.append([(position, Message(slices))], now_ns=END_NS)
    await stores.traces.replace(outcomes, now_ns=END_NS)


def outcome_of(random: Random, number: int, end_ns: int) -> TraceOutcome:
    """Return trace `number`, which ends then."""
    trace_id = TraceId(f"00000000-0000-4000-8000-{number:012x}")
    operations = _OPERATIONS[number % SERVICES]
    measurements = tuple(
        _measurement(random, operation, place, end_ns) for place, operation in enumerate(operations)
    )
    is_last = end_ns >= END_NS - _DECLARING_BUCKETS * BUCKET_NS
    result = TraceResult(
        summary=_summary(trace_id, operations[0].service, end_ns),
        measurements=measurements,
        declared=_declared(random, trace_id, end_ns) if is_last else NOTHING,
    )
    return pack_outcome(TraceClaim(trace_id, 1), result)


def _outcomes(random: Random) -> Iterator[TraceOutcome]:
    per_bucket = TRACES * SERVICES
    first_ns = END_NS - BUCKETS * BUCKET_NS
    for number in range(BUCKETS * per_bucket):
        yield outcome_of(random, number, first_ns + number * BUCKET_NS // per_bucket + random.randrange(_MS))


def _measurement(random: Random, operation: Operation, place: int, end_ns: int) -> Measurement:
    slowness = 10 if random.random() < 1 / 500 else 1
    duration_ns = int(20 * _MS * slowness * random.lognormvariate(0, 0.1))
    return Measurement(
        operation=operation,
        event_id=EventId(f"{place:02}"),
        inside=-1,
        begin_ns=end_ns - duration_ns,
        end_ns=end_ns,
        duration_ns=duration_ns,
        critical_ns=duration_ns,
        host="host",
        delays=True,
    )


def _summary(trace_id: TraceId, service: str, end_ns: int) -> TraceSummary:
    return TraceSummary(
        trace_id=trace_id,
        event_count=OPERATIONS,
        first_ns=end_ns - 20 * _MS,
        last_ns=end_ns,
        services=(ServiceCount(service, OPERATIONS),),
        calls=(),
        is_complete=True,
        missing_parents=0,
        notes={},
        clock_issues={},
    )


def _declared(random: Random, trace_id: TraceId, end_ns: int) -> DeclaredTrace:
    session = tuple(
        Declared(
            id=f"{trace_id}-{number}",
            trace_id=trace_id,
            resource="database",
            status=Status.COMMITTED,
            steps=tuple(_step(random, f"{trace_id[-12:]}-{number}", end_ns) for _ in range(4)),
        )
        for number in range(_TRANSACTIONS)
    )
    return DeclaredTrace((session,), ())


def _step(random: Random, name: str, end_ns: int) -> Step:
    value, row = ValueKey(f'"{name}-{random.random()}"'), f"row-{random.randrange(1_000)}"
    kind, unknown = AccessType.WRITE, ValueKey("")
    return Step(EventId(name), end_ns, end_ns, row, "global", kind, unknown, value, None, "database")
