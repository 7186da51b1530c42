"""Stores on one database, and short words for what goes into them. Times are counted from `T0`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from raceway_common.adapters.sql.baseline_store import SqlBaselineStore
from raceway_common.adapters.sql.event_store import SqlEventStore
from raceway_common.adapters.sql.finding_store import SqlFindingStore
from raceway_common.adapters.sql.trace_store import SqlTraceStore
from raceway_common.adapters.sql.work_queue import SqlWorkQueue
from raceway_common.database.database import Database
from raceway_common.packing import pack_outcome
from raceway_common.ports.baseline_store import BaselineStore
from raceway_common.ports.bus import Position
from raceway_common.ports.event_store import EventStore
from raceway_common.ports.finding_store import FindingStore
from raceway_common.ports.trace_store import TraceOutcome, TraceStore
from raceway_common.ports.work_queue import RunClaim, TraceClaim, WorkQueue
from raceway_core.batch import Message, TraceSlice
from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.finding import AccessEvidence, Example, Finding, FindingKind, PairCounts, Severity, Verdict
from raceway_core.isolation.part import NOTHING, DeclaredTrace
from raceway_core.measured import Measurement, Operation
from raceway_core.moment import Moment, Phase
from raceway_core.result import Call, LockHold, ServiceCount, TraceLocks, TraceResult, TraceSummary, Window
from raceway_core.span import SPAN_NS
from raceway_core.turn import NO_TURN, Turn, pack_turn

T0 = 29_000_000 * SPAN_NS
MS = 1_000_000
LATER = T0 + 60_000 * MS
"""Everything stored at T0 is due."""

LEASE_NS = 10_000 * MS


@dataclass
class Stores:
    events: EventStore
    traces: TraceStore
    findings: FindingStore
    queue: WorkQueue
    baselines: BaselineStore

    async def append(self, *trace_ids: str, sequence: int, now_ns: int = T0) -> None:
        """Store one message with one event for each trace."""
        await self.events.append([(Position("e", sequence), message(*trace_ids))], now_ns=now_ns)

    async def analyze(self, *outcomes: TraceOutcome, now_ns: int = LATER) -> None:
        """Store a message for each outcome's trace where there is none, then its result."""
        for sequence, outcome in enumerate(outcomes):
            trace_id = outcome.claim.trace_id
            position = Position(trace_id, outcome.claim.version)
            await self.events.append([(position, message(trace_id))], now_ns=T0 + sequence)
        await self.traces.replace(outcomes, now_ns=now_ns)

    async def claim_runs(self, *, now_ns: int = LATER + 60_000 * MS) -> list[RunClaim]:
        """Claim all due runs, in an order that tests can rely on."""
        claims = await self.queue.claim_runs(1000, owner="runs", now_ns=now_ns)
        return sorted(claims, key=lambda claim: (claim.variable, claim.span))


def stores_on(database: Database) -> Stores:
    return Stores(
        SqlEventStore(database),
        SqlTraceStore(database),
        SqlFindingStore(database),
        SqlWorkQueue(database, lease_ns=LEASE_NS),
        SqlBaselineStore(database),
    )


def chunk(*words: str) -> bytes:
    """Return what stands for a msgpack array of events; stores do not look into it."""
    return msgspec.msgpack.encode(words)


def message(*trace_ids: str, words: Sequence[str] = ("event",), **more: object) -> Message:
    slices = tuple(
        TraceSlice(TraceId(trace_id), len(words), T0, T0, msgspec.Raw(chunk(*words)))
        for trace_id in trace_ids
    )
    return msgspec.structs.replace(Message(slices), **more)


def window(
    variable: str,
    first_ms: int,
    last_ms: int,
    *,
    scope: str = "global",
    body: bytes = b"w",
    lock: bytes = b"",
) -> Window:
    """Return a window; under a `lock` it is a turn."""
    first_ns, last_ns = T0 + first_ms * MS, T0 + last_ms * MS
    turn = pack_turn(Turn(lock, is_read_only=False, first_ns=first_ns, last_ns=last_ns)) if lock else NO_TURN
    return Window(variable, scope, first_ns, last_ns, body, turn)


def beside(*windows: Window, name: str = "beside") -> TraceOutcome:
    """Return another trace with these windows, without which a run has nothing to compare."""
    return outcome(name, windows=windows)


def finding(
    fingerprint: str,
    *,
    verdict: Verdict = Verdict.OBSERVED,
    severity: Severity = Severity.WARNING,
    trace_ids: Sequence[str] = ("t",),
    gap_ns: int = 5,
    **more: object,
) -> Finding:
    pairs = PairCounts(**{verdict.name.lower(): 1})
    found = Finding(
        fingerprint=fingerprint,
        kind=FindingKind.RACE,
        verdict=verdict,
        severity=severity,
        variable="balance",
        scope="global",
        services=("bank",),
        summary=f"{fingerprint} in {trace_ids[0]}",
        missing_edge="nothing orders them",
        fix="one lock",
        pairs=1,
        pairs_by_verdict=pairs,
        trace_ids=tuple(map(TraceId, trace_ids)),
        first_ns=T0,
        last_ns=T0 + gap_ns,
        examples=(example(trace_ids[0], verdict, gap_ns),),
    )
    return msgspec.structs.replace(found, **more)


def example(trace_id: str, verdict: Verdict, gap_ns: int) -> Example:
    first, second = (_access(trace_id, event_id) for event_id in ("a", "b"))
    return Example(
        verdict=verdict,
        gap_ns=gap_ns,
        first=first,
        second=second,
        missing_edge="none",
        fix="one lock",
        ancestor=_moment(),
    )


def _moment() -> Moment:
    return Moment(
        event_id=EventId("root"),
        phase=Phase.START,
        kind="FunctionCall",
        what="call of main",
        service="bank",
        thread_id="1",
        task_id=None,
        location="",
        time_ns=T0,
    )


def _access(trace_id: str, event_id: str) -> AccessEvidence:
    return AccessEvidence(
        event_id=EventId(event_id),
        trace_id=TraceId(trace_id),
        time_ns=T0,
        variable="balance",
        access_type=AccessType.WRITE,
        service="bank",
        instance=None,
        process_id=1,
        thread_id="1",
        location="bank.py:1",
    )


def measurement(
    name: str, end_ms: int, took_ns: int, *, service: str = "bank", status: str = "", critical_ns: int = 0
) -> Measurement:
    """Return one call that ended `end_ms` after `T0`."""
    end_ns = T0 + end_ms * MS
    return Measurement(
        operation=Operation(service, name, "FunctionCall", status),
        event_id=EventId(f"{name} at {end_ms}"),
        inside=-1,
        begin_ns=end_ns - took_ns,
        end_ns=end_ns,
        duration_ns=took_ns,
        critical_ns=critical_ns,
        host="h",
        delays=True,
    )


def lock_hold(name: str, wait_us: int, *, scope: str = "process:bank/i1/7", hold_us: int = 1) -> LockHold:
    """Return a hold of a lock after a wait."""
    acquired_ns = T0 + wait_us * 1000
    released_ns = acquired_ns + hold_us * 1000
    return LockHold(name, scope, "bank", "T1", EventId("e"), T0, acquired_ns, released_ns, 0)


def outcome(
    trace_id: str,
    *,
    version: int = 1,
    events: int = 1,
    last_ms: int = 0,
    services: Sequence[tuple[str, int]] = (("bank", 1),),
    calls: Sequence[Call] = (),
    race_pairs: int = 0,
    windows: Sequence[Window] = (),
    findings: Sequence[Finding] = (),
    locks: Sequence[LockHold] = (),
    declared: DeclaredTrace = NOTHING,
    measurements: Sequence[Measurement] = (),
) -> TraceOutcome:
    summary = TraceSummary(
        trace_id=TraceId(trace_id),
        event_count=events,
        first_ns=T0,
        last_ns=T0 + last_ms * MS,
        services=tuple(ServiceCount(name, count) for name, count in services),
        calls=tuple(calls),
        is_complete=True,
        missing_parents=0,
        notes={},
        clock_issues={},
    )
    result = TraceResult(
        summary=summary,
        race_pairs=race_pairs,
        races=tuple(example for found in findings for example in found.examples),
        findings=tuple(findings),
        windows=tuple(windows),
        locks=TraceLocks(tuple(locks)),
        declared=declared,
        measurements=tuple(measurements),
    )
    return pack_outcome(TraceClaim(TraceId(trace_id), version), result)
