"""A finding as JSON: what the API answers, `raceway analyze --json` reports and the CLI prints.

Every key is always there. Nanoseconds are decimal strings, because they exceed what a double holds
exactly; an unknown value is null. Trace ids are capped, their count is not.
"""

from __future__ import annotations

import msgspec

from raceway_core.event import AccessType, EventId, JsonValue, LockMode, TraceId
from raceway_core.finding import AccessEvidence, Example, Finding, FindingKind, PairCounts, Severity, Verdict
from raceway_core.moment_view import MomentView, view_moment
from raceway_core.runner import Runner
from raceway_core.time import format_time

MOST_TRACE_IDS = 100


class LockView(msgspec.Struct, frozen=True, gc=False):
    """A lock held at an access."""

    id: str
    mode: LockMode


class AccessView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two accesses, or a read that proves. `clock` is a list of (component, n).

    `thread_id` is the task where no thread was named; `task` is the task as sent, empty where none was.
    """

    event_id: EventId
    trace_id: TraceId
    timestamp: str
    time_ns: str
    variable: str
    access_type: AccessType
    service: str
    instance: str | None
    process_id: int
    thread_id: str
    task: str
    location: str
    old_value: JsonValue
    new_value: JsonValue
    version: int | None
    lockset: tuple[LockView, ...]
    clock: tuple[tuple[str, int], ...]

    @property
    def runner(self) -> Runner:
        """What made the access."""
        return Runner(
            self.task, self.thread_id, self.service, self.trace_id, self.process_id, self.instance or ""
        )


class ExampleView(msgspec.Struct, frozen=True, kw_only=True):
    """One pair; `events` are the ids of `first` and `second`, `ancestor` is the last that both follow."""

    events: tuple[EventId, EventId]
    verdict: Verdict
    gap_ns: str
    missing_edge: str
    fix: str
    first: AccessView
    second: AccessView
    witness: tuple[AccessView, ...]
    ancestor: MomentView | None


class FindingView(msgspec.Struct, frozen=True, kw_only=True):
    """One finding. `traces` counts the traces; `trace_ids` are the first of them."""

    fingerprint: str
    kind: FindingKind
    verdict: Verdict
    severity: Severity
    variable: str
    scope: str
    services: tuple[str, ...]
    summary: str
    missing_edge: str
    fix: str
    pairs: int
    pairs_by_verdict: PairCounts
    traces: int
    trace_ids: tuple[TraceId, ...]
    first_seen: str
    last_seen: str
    across_traces: bool
    uncovered: bool
    hidden: bool
    aliases: tuple[str, ...]
    examples: tuple[ExampleView, ...]


def view_finding(finding: Finding) -> FindingView:
    """Return `finding` for a reader."""
    return FindingView(
        fingerprint=finding.fingerprint,
        kind=finding.kind,
        verdict=finding.verdict,
        severity=finding.severity,
        variable=finding.variable,
        scope=finding.scope,
        services=finding.services,
        summary=finding.summary,
        missing_edge=finding.missing_edge,
        fix=finding.fix,
        pairs=finding.pairs,
        pairs_by_verdict=finding.pairs_by_verdict,
        traces=len(finding.trace_ids),
        trace_ids=finding.trace_ids[:MOST_TRACE_IDS],
        first_seen=format_time(finding.first_ns),
        last_seen=format_time(finding.last_ns),
        across_traces=finding.across_traces,
        uncovered=finding.uncovered,
        hidden=finding.is_hidden,
        aliases=finding.aliases,
        examples=tuple(view_example(example) for example in finding.examples),
    )


def view_example(example: Example) -> ExampleView:
    """Return one pair for a reader."""
    return ExampleView(
        events=(example.first.event_id, example.second.event_id),
        verdict=example.verdict,
        gap_ns=str(example.gap_ns),
        missing_edge=example.missing_edge,
        fix=example.fix,
        first=view_access(example.first),
        second=view_access(example.second),
        witness=tuple(view_access(access) for access in example.witness),
        ancestor=None if example.ancestor is None else view_moment(example.ancestor),
    )


def view_access(access: AccessEvidence) -> AccessView:
    """Return one access for a reader."""
    return AccessView(
        event_id=access.event_id,
        trace_id=access.trace_id,
        timestamp=format_time(access.time_ns),
        time_ns=str(access.time_ns),
        variable=access.variable,
        access_type=access.access_type,
        service=access.service,
        instance=access.instance,
        process_id=access.process_id,
        thread_id=access.thread_id,
        task=access.task,
        location=access.location,
        old_value=_known(access.old_value),
        new_value=_known(access.new_value),
        version=access.version,
        lockset=tuple(LockView(lock.id, lock.mode) for lock in access.lockset),
        clock=access.clock,
    )


def _known(value: JsonValue | msgspec.UnsetType) -> JsonValue:
    return None if value is msgspec.UNSET else value
