from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.store_rig import example, finding, lock_hold, measurement

from raceway_common import packing
from raceway_common.ports.trace_store import TOGETHER, Section, TraceOutcome
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.event import AccessType, EventId, HeldLock, TraceId
from raceway_core.finding import AccessEvidence, Example, Finding, Verdict, merge_findings
from raceway_core.isolation.history import Anomaly, Isolation
from raceway_core.result import (
    AuditEntry,
    AuditTrail,
    CriticalPath,
    Deadlock,
    DeadlockStatus,
    EventNote,
    Segment,
    SelfTime,
    ServiceCount,
    TraceLocks,
    TraceResult,
    TraceSummary,
    Window,
)

_EVENT = EventId("event")
_TRAIL = AuditTrail(
    "balance",
    "global",
    (
        AuditEntry(
            event_id=_EVENT,
            time_ns=1,
            thread_id="1",
            service="bank",
            access_type=AccessType.ATOMIC_RMW,
            location="bank.py:1",
            linked=True,
            edge="parent",
            is_race=False,
            old_value=None,
            new_value={"amount": [1, 2.5, None]},
        ),
    ),
)
_SEGMENT = Segment(
    event_id=_EVENT,
    span_id="s",
    operation="pay",
    kind="FunctionCall(pay)",
    service="bank",
    label="work",
    location="bank.py:1",
    start_ns=1,
    end_ns=2**62,
)
_RESULT = TraceResult(
    summary=TraceSummary(
        trace_id=TraceId("t"),
        event_count=2,
        first_ns=1,
        last_ns=2,
        services=(ServiceCount("bank", 2),),
        calls=(),
        is_complete=True,
        missing_parents=0,
        notes={"linear_parents": 1},
        clock_issues={},
    ),
    race_pairs=1,
    races=(example("t", Verdict.OBSERVED, 3),),
    findings=(finding("f", trace_ids=["t"], aliases=("g",)),),
    variables=(),
    windows=(Window("balance", "global", 1, 2, b"\x00\xff"),),
    audit_trails=(_TRAIL,),
    critical_paths=(CriticalPath(root_id=_EVENT, start_ns=1, end_ns=2**62, segments=(_SEGMENT,)),),
    self_times=(SelfTime(_EVENT, 4),),
    event_notes=(EventNote(_EVENT, (HeldLock("lock"),), (("a", 1),)),),
    deadlocks=(
        Deadlock(
            status=DeadlockStatus.ACTUAL, locks=("a", "b"), threads=("1", "2"), locations=("bank.py:1", "")
        ),
    ),
    locks=TraceLocks((lock_hold("lock", 3),)),
    isolation=Isolation(2, ["serializable"], [Anomaly("G2-item", ["a", "b"], ["x"], [])], [], []),
    measurements=(measurement("pay", 3, 2**40, status="2xx"),),
)
_CLAIM = TraceClaim(TraceId("t"), 7, size=2)


def _section(outcome: TraceOutcome, section: Section) -> bytes:
    return outcome.sections.get(section) or outcome.sections[TOGETHER]


@pytest.mark.parametrize("size", [1, 5_000])
def test_every_section_reads_as_it_was_packed(size: int) -> None:
    result = msgspec.structs.replace(_RESULT, self_times=_RESULT.self_times * size)
    outcome = packing.pack_outcome(_CLAIM, result)

    assert set(outcome.sections) == ({TOGETHER} if size == 1 else set(Section))
    assert packing.unpack_races(_section(outcome, Section.RACES)) == result.races
    assert packing.unpack_audit_trails(_section(outcome, Section.AUDIT_TRAILS)) == result.audit_trails
    assert packing.unpack_critical_paths(_section(outcome, Section.CRITICAL_PATHS)) == result.critical_paths
    assert packing.unpack_self_times(_section(outcome, Section.SELF_TIMES)) == result.self_times
    assert packing.unpack_event_notes(_section(outcome, Section.EVENT_NOTES)) == result.event_notes
    assert packing.unpack_deadlocks(_section(outcome, Section.DEADLOCKS)) == result.deadlocks
    assert packing.unpack_locks(_section(outcome, Section.LOCKS)) == result.locks
    assert packing.unpack_isolation(_section(outcome, Section.ISOLATION)) == result.isolation
    assert packing.unpack_measurements(_section(outcome, Section.MEASUREMENTS)) == result.measurements
    assert [packing.unpack_finding(entry.body) for entry in outcome.findings] == list(result.findings)
    assert (outcome.claim, outcome.summary, outcome.windows) == (_CLAIM, result.summary, result.windows)


@pytest.mark.parametrize("size", [1, 5_000])
def test_what_most_traces_do_not_have_is_left_out(size: int) -> None:
    plain = msgspec.structs.replace(
        _RESULT, self_times=_RESULT.self_times * size, deadlocks=(), locks=TraceLocks(), isolation=None
    )
    outcome = packing.pack_outcome(_CLAIM, plain)
    rare = {Section.DEADLOCKS, Section.LOCKS, Section.ISOLATION}
    assert set(outcome.sections) == ({TOGETHER} if size == 1 else set(Section) - rare)
    assert (outcome.lock_sums, outcome.declared) == (b"", ())


def test_an_unknown_value_stays_apart_from_null() -> None:
    outcome = packing.pack_outcome(_CLAIM, _RESULT)
    [race] = packing.unpack_races(_section(outcome, Section.RACES))
    [trail] = packing.unpack_audit_trails(_section(outcome, Section.AUDIT_TRAILS))
    assert race.first.old_value is msgspec.UNSET
    assert trail.entries[0].old_value is None


def test_an_outcome_crosses_a_process_border() -> None:
    outcome = packing.pack_outcome(_CLAIM, _RESULT)
    sent = msgspec.msgpack.encode(outcome)
    assert msgspec.msgpack.decode(sent, type=TraceOutcome) == outcome


def test_equal_results_pack_to_equal_bytes() -> None:
    first, second = (msgspec.msgpack.encode(packing.pack_outcome(_CLAIM, _RESULT)) for _ in range(2))
    assert first == second


_names = st.sampled_from(["", "a", "a!", "b", "é", "🏁"])


@st.composite
def _findings(draw: st.DrawFn) -> Finding:
    verdict = draw(st.sampled_from(Verdict))
    return finding("f", verdict=verdict, scope=draw(_names), examples=(draw(_examples(verdict)),))


@st.composite
def _examples(draw: st.DrawFn, verdict: Verdict) -> Example:
    plain = example(draw(_names), verdict, draw(st.integers(0, 2**40)))
    return msgspec.structs.replace(plain, first=_with_event(plain.first, draw(_names)))


def _with_event(access: AccessEvidence, name: str) -> AccessEvidence:
    return msgspec.structs.replace(access, event_id=EventId(name))


@given(st.lists(_findings(), min_size=1, max_size=5))
def test_the_smallest_lead_speaks_for_the_group(group: list[Finding]) -> None:
    [merged] = merge_findings(group)
    lead = min(group, key=lambda each: packing.pack_finding(each).lead)
    assert (merged.verdict, merged.scope) == (lead.verdict, lead.scope)
    assert merged.examples[:1] == lead.examples[:1]


def test_a_lead_is_short_enough_for_an_index() -> None:
    assert len(packing.pack_finding(finding("f", scope="s" * 5000)).lead) <= 1024


@pytest.mark.parametrize("gap_ns", [-1, 2**64 - 1])
def test_any_gap_can_be_packed(gap_ns: int) -> None:
    assert packing.pack_finding(finding("f", examples=(example("t", Verdict.PROVEN, gap_ns),)))
