"""Results as bytes: packed once by the analysis worker, unpacked by whoever shows them.

Sections are msgpack under zstd, those of a small result together. The store never looks into them; it
reads the columns of an outcome and of its finding entries, which are packed beside the bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from raceway_common.compression import compress, decompress
from raceway_common.lock_sum import pack_lock_sums
from raceway_common.ports.finding_store import FindingEntry, RunOutcome
from raceway_common.ports.trace_store import TOGETHER, DeclaredEntry, Section, TraceOutcome
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.bucketed.bucket import call_entry
from raceway_core.finding import Example, Finding
from raceway_core.isolation.history import Isolation
from raceway_core.isolation.part import DeclaredPart, parts_of
from raceway_core.measured import Measurement
from raceway_core.result import (
    AuditTrail,
    CriticalPath,
    Deadlock,
    EventNote,
    SelfTime,
    TraceLocks,
    TraceResult,
)
from raceway_core.turn import NO_TURN, PackedTurn

_MOST_GAP = 2**63 - 1
_MOST_LEAD_BYTES = 1024
_MOST_TOGETHER_BYTES = 32 * 1024

_encoder = msgspec.msgpack.Encoder()
_sections = msgspec.msgpack.Decoder(dict[int, bytes])
_finding = msgspec.msgpack.Decoder(Finding)
_races = msgspec.msgpack.Decoder(tuple[Example, ...])
_audit_trails = msgspec.msgpack.Decoder(tuple[AuditTrail, ...])
_critical_paths = msgspec.msgpack.Decoder(tuple[CriticalPath, ...])
_self_times = msgspec.msgpack.Decoder(tuple[SelfTime, ...])
_event_notes = msgspec.msgpack.Decoder(tuple[EventNote, ...])
_deadlocks = msgspec.msgpack.Decoder(tuple[Deadlock, ...])
_isolation = msgspec.msgpack.Decoder(Isolation)
_declared = msgspec.msgpack.Decoder(DeclaredPart)
_locks = msgspec.msgpack.Decoder(TraceLocks)
_measurements = msgspec.msgpack.Decoder(tuple[Measurement, ...])


def pack_outcome(claim: TraceClaim, result: TraceResult) -> TraceOutcome:
    """Return `result` as the trace store takes it."""
    return TraceOutcome(
        claim=claim,
        summary=result.summary,
        race_pairs=result.race_pairs,
        sections=_pack_sections(
            {
                Section.RACES: result.races,
                Section.AUDIT_TRAILS: result.audit_trails,
                Section.CRITICAL_PATHS: result.critical_paths,
                Section.SELF_TIMES: result.self_times,
                Section.EVENT_NOTES: result.event_notes,
                **_rare_sections(result),
            }
        ),
        findings=tuple(pack_finding(finding) for finding in result.findings),
        windows=result.windows,
        lock_sums=pack_lock_sums(result.locks),
        declared=tuple(
            DeclaredEntry(part.resource, part.transactions, _pack(part)) for part in parts_of(result.declared)
        ),
        lock_orders=result.lock_orders,
        calls=tuple(map(call_entry, result.measurements)),
    )


def _rare_sections(result: TraceResult) -> Mapping[Section, object]:
    """Return the sections that most traces do not have."""
    rare: dict[Section, object] = {}
    if result.deadlocks:
        rare[Section.DEADLOCKS] = result.deadlocks
    if result.locks.holds:
        rare[Section.LOCKS] = result.locks
    if result.isolation:
        rare[Section.ISOLATION] = result.isolation
    if result.measurements:
        rare[Section.MEASUREMENTS] = result.measurements
    return rare


def pack_finding(finding: Finding) -> FindingEntry:
    """Return `finding` as the finding store keeps it."""
    return FindingEntry(
        fingerprint=finding.fingerprint,
        kind=finding.kind,
        aliases=finding.aliases,
        verdict_rank=finding.verdict.rank,
        severity_rank=finding.severity.rank,
        across_traces=finding.across_traces,
        may_hide=finding.may_hide,
        uncovered=finding.uncovered,
        pairs=finding.pairs,
        pairs_by_verdict=finding.pairs_by_verdict,
        first_ns=finding.first_ns,
        last_ns=finding.last_ns,
        nearest_ns=finding.examples[0].gap_ns if finding.examples else 0,
        lead=_lead(finding),
        body=_pack(finding),
    )


def pack_run(claim: RunClaim, findings: Iterable[Finding], turn: PackedTurn = NO_TURN) -> RunOutcome:
    """Return the findings of a counted run as the finding store keeps them."""
    return RunOutcome(claim=claim, findings=tuple(map(pack_finding, findings)), turn=turn)


def unpack_finding(body: bytes) -> Finding:
    return _finding.decode(decompress(body))


def unpack_races(body: bytes) -> tuple[Example, ...]:
    return _races.decode(_taken(body, Section.RACES))


def unpack_audit_trails(body: bytes) -> tuple[AuditTrail, ...]:
    return _audit_trails.decode(_taken(body, Section.AUDIT_TRAILS))


def unpack_critical_paths(body: bytes) -> tuple[CriticalPath, ...]:
    return _critical_paths.decode(_taken(body, Section.CRITICAL_PATHS))


def unpack_self_times(body: bytes) -> tuple[SelfTime, ...]:
    return _self_times.decode(_taken(body, Section.SELF_TIMES))


def unpack_event_notes(body: bytes) -> tuple[EventNote, ...]:
    return _event_notes.decode(_taken(body, Section.EVENT_NOTES))


def unpack_deadlocks(body: bytes) -> tuple[Deadlock, ...]:
    section = _found(body, Section.DEADLOCKS)
    return () if section is None else _deadlocks.decode(section)


def unpack_locks(body: bytes) -> TraceLocks:
    section = _found(body, Section.LOCKS)
    return TraceLocks() if section is None else _locks.decode(section)


def unpack_isolation(body: bytes) -> Isolation | None:
    section = _found(body, Section.ISOLATION)
    return None if section is None else _isolation.decode(section)


def unpack_measurements(body: bytes) -> tuple[Measurement, ...]:
    section = _found(body, Section.MEASUREMENTS)
    return () if section is None else _measurements.decode(section)


def unpack_declared(body: bytes) -> DeclaredPart:
    return _declared.decode(decompress(body))


def _pack_sections(contents: Mapping[Section, object]) -> dict[int, bytes]:
    """Return the sections in one, unless somebody who reads one would read too much of the others."""
    packed = {int(section): _encoder.encode(content) for section, content in contents.items()}
    if sum(map(len, packed.values())) <= _MOST_TOGETHER_BYTES:
        return {TOGETHER: _pack(packed)}
    return {section: _pack({section: body}) for section, body in packed.items()}


def _taken(body: bytes, section: Section) -> bytes:
    return _sections.decode(decompress(body))[section]


def _found(body: bytes, section: Section) -> bytes | None:
    """Return a section that is left out where it is empty."""
    return _sections.decode(decompress(body)).get(section)


def _pack(content: object) -> bytes:
    return compress(_encoder.encode(content))


def _lead(finding: Finding) -> bytes:
    """Return bytes that compare as the choice of a group's lead in `merge_findings` does.

    Texts hold no NUL, so one after each keeps the order of tuples of texts.
    """
    nearest = b"\0"
    if finding.examples:
        rank, gap_ns, *names = finding.examples[0].sort_key
        gap = min(max(gap_ns, 0), _MOST_GAP).to_bytes(8, "big")
        nearest = b"".join((bytes((1, rank)), gap, *(str(name).encode() + b"\0" for name in names)))
    return (bytes((finding.verdict.rank,)) + nearest + finding.scope.encode())[:_MOST_LEAD_BYTES]
