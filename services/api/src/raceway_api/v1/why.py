"""Why one event is before another, for `/api/v1`."""

from __future__ import annotations

import msgspec

from raceway_api.graphs import VersionedGraph
from raceway_core.event import EventId, TraceId
from raceway_core.finding_view import LockView
from raceway_core.graph.edge import EdgeKind
from raceway_core.moment_view import MomentView, view_moment
from raceway_core.reason.explanation import LockRelation, Party, Relation, Step, Way
from raceway_core.reason.sentence import sentence_of


class StepView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Leads to `to` by one direct edge, or in program order past `passed` other events of the chain."""

    kind: EdgeKind
    assumed: bool
    passed: int
    to: MomentView


class WayView(msgspec.Struct, frozen=True, kw_only=True):
    """Leads from `start` on. Behind the first `cut_after` of `steps`, `left_out` are not shown."""

    start: MomentView
    steps: list[StepView]
    cut_after: int
    left_out: int


class PartyView(msgspec.Struct, frozen=True, kw_only=True):
    """One of the two events, with the locks that are held at it."""

    event: MomentView
    lockset: list[LockView]


class WhyView(msgspec.Struct, frozen=True, kw_only=True):
    """How `first` stands to `second`, and why.

    Where one leads to the other `path` is the way. Where they are concurrent `ancestor` is the last that
    both follow, `branches` are the ways from it to the first and to the second, and `locks` tells whether a
    lock orders them all the same.
    """

    trace_id: TraceId
    version: int
    first: PartyView
    second: PartyView
    relation: Relation
    locks: LockRelation
    sentence: str
    path: WayView | None
    ancestor: MomentView | None
    branches: list[WayView]


def view_why(graph: VersionedGraph, first: EventId, second: EventId) -> WhyView:
    """Return why two events of a trace are ordered, or not."""
    found = graph.causality.explain(first, second)
    is_concurrent = found.relation is Relation.CONCURRENT
    ways = [_view_way(way) for way in found.ways]
    return WhyView(
        trace_id=graph.trace_id,
        version=graph.version,
        first=_view_party(found.first),
        second=_view_party(found.second),
        relation=found.relation,
        locks=found.locks,
        sentence=sentence_of(found),
        path=None if is_concurrent else ways[0],
        ancestor=None if found.ancestor is None else view_moment(found.ancestor),
        branches=ways if is_concurrent else [],
    )


def _view_party(party: Party) -> PartyView:
    return PartyView(
        event=view_moment(party.moment), lockset=[LockView(lock.id, lock.mode) for lock in party.lockset]
    )


def _view_way(way: Way) -> WayView:
    return WayView(
        start=view_moment(way.start),
        steps=[_view_step(step) for step in way.steps],
        cut_after=way.cut_after,
        left_out=way.left_out,
    )


def _view_step(step: Step) -> StepView:
    return StepView(
        kind=step.kind, assumed=step.kind is EdgeKind.RETURN, passed=step.passed, to=view_moment(step.moment)
    )
