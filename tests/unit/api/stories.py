"""Traces with known results: the worked example, and what a result may hold beyond it."""

from __future__ import annotations

import msgspec
from tests.e2e.worked_example import FIRST, LAST, ROOT, SECOND, four_events

from raceway_core.event import AccessType, Event, EventId, HeldLock, JsonValue, TraceId
from raceway_core.finding import AccessEvidence, Example, Finding, FindingKind, PairCounts, Severity, Verdict
from raceway_core.moment import Moment, Phase
from raceway_core.result import (
    AuditEntry,
    AuditTrail,
    Call,
    CriticalPath,
    EventNote,
    Link,
    Segment,
    SelfTime,
    ServiceCount,
    TraceResult,
    TraceSummary,
)

MS = 1_000_000
TRACE = TraceId("0c0ffee0-0000-4000-8000-000000000001")
UNKNOWN_TRACE = "0c0ffee0-0000-4000-8000-00000000dead"


def events_of(trace_id: str = TRACE, *, locked: bool = False) -> list[Event]:
    """Return the four events of the worked example."""
    return msgspec.convert(four_events(trace_id, locked=locked), list[Event])


def result_of(trace_id: TraceId = TRACE, *, raced: bool = True) -> TraceResult:
    """Return a result of the worked example, written by hand."""
    events = {str(event.id): event for event in events_of(trace_id)}
    start_ns = events[ROOT].time_ns
    example = race_example(trace_id)
    return TraceResult(
        summary=TraceSummary(
            trace_id=trace_id,
            event_count=4,
            first_ns=start_ns,
            last_ns=events[LAST].time_ns,
            services=(ServiceCount("ledger", 1), ServiceCount("transfers", 3)),
            calls=(Call("transfers", "ledger", 2, Link.HTTP), Call("transfers", "ledger", 1, Link.MESSAGE)),
            is_complete=True,
            missing_parents=0,
            notes={},
            clock_issues={"gap": 1},
        ),
        race_pairs=int(raced),
        races=(example,) if raced else (),
        findings=(finding_of(example),) if raced else (),
        variables=(),
        windows=(),
        audit_trails=(AuditTrail("balance", "global", tuple(_entries(events, is_race=raced))),),
        critical_paths=(_path(start_ns, EventId(ROOT), 3), _path(start_ns, EventId(SECOND), 1)),
        self_times=(SelfTime(EventId(ROOT), 2 * MS), SelfTime(EventId(LAST), MS // 2)),
        event_notes=tuple(
            EventNote(event.id, (HeldLock("balance_lock"),), (("transfers#a#main", number),))
            for number, event in enumerate(events.values(), start=1)
        ),
    )


def race_example(trace_id: TraceId = TRACE, variable: str = "balance") -> Example:
    """Return the racing pair of the worked example."""
    return Example(
        verdict=Verdict.POSSIBLE,
        gap_ns=MS,
        first=_evidence(trace_id, FIRST, "worker-1", 15, variable),
        second=_evidence(trace_id, SECOND, "worker-2", 20, variable),
        missing_edge="nothing orders the two writes",
        fix="hold one exclusive lock across app.py:12",
        ancestor=Moment(
            event_id=EventId(ROOT),
            phase=Phase.POINT,
            kind="FunctionCall",
            what="call of process_transfers",
            service="transfers",
            thread_id="thread-main",
            task_id=None,
            location="app.py:1",
            time_ns=events_of(trace_id)[0].time_ns,
        ),
    )


def finding_of(example: Example, *, fingerprint: str = "f1", across_traces: bool = False) -> Finding:
    """Return a finding that one pair makes."""
    return Finding(
        fingerprint=fingerprint,
        kind=FindingKind.RACE,
        verdict=example.verdict,
        severity=Severity.CRITICAL,
        variable=example.first.variable,
        scope="global",
        services=("transfers",),
        summary=f"two writes of {example.first.variable} are not ordered",
        missing_edge=example.missing_edge,
        fix=example.fix,
        pairs=1,
        pairs_by_verdict=PairCounts(possible=1),
        trace_ids=(example.first.trace_id,),
        first_ns=example.first.time_ns,
        last_ns=example.second.time_ns,
        examples=(example,),
        across_traces=across_traces,
    )


def _evidence(trace_id: TraceId, event_id: str, thread: str, new: JsonValue, variable: str) -> AccessEvidence:
    time_ns = next(event.time_ns for event in events_of(trace_id) if event.id == event_id)
    return AccessEvidence(
        event_id=EventId(event_id),
        trace_id=trace_id,
        time_ns=time_ns,
        variable=variable,
        access_type=AccessType.WRITE,
        service="transfers",
        instance=None,
        process_id=4711,
        thread_id=thread,
        location="app.py:12 transfer",
        new_value=new,
        lockset=(HeldLock("audit_lock"),),
        clock=(("transfers##main", 1),),
    )


def _entries(events: dict[str, Event], *, is_race: bool) -> list[AuditEntry]:
    return [
        AuditEntry(
            event_id=EventId(event_id),
            time_ns=events[event_id].time_ns,
            thread_id=events[event_id].metadata.thread_id,
            service="transfers",
            access_type=AccessType.WRITE,
            location="app.py:12",
            linked=False,
            edge="",
            is_race=is_race,
            new_value=new,
        )
        for event_id, new in ((FIRST, 15), (SECOND, msgspec.UNSET))
    ]


def _path(start_ns: int, root: EventId, length_ms: int) -> CriticalPath:
    segment = Segment(
        event_id=root,
        span_id="",
        operation="process_transfers",
        kind="FunctionCall",
        service="transfers",
        label="work",
        location="app.py:1",
        start_ns=start_ns,
        end_ns=start_ns + length_ms * MS,
    )
    return CriticalPath(root_id=root, start_ns=segment.start_ns, end_ns=segment.end_ns, segments=(segment,))
