"""The verdict on a bucket: which of its calls were not normal, and what they are together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import TypeAlias

import msgspec

from raceway_core.baseline.error_rate import ErrorRate, RateJudgement, judge_rate
from raceway_core.baseline.learner import Learner
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import ENOUGH, Judgement, judge
from raceway_core.baseline.sketch import Sketch, value_of
from raceway_core.bucketed.bucket import Call, family_of
from raceway_core.bucketed.look import MOST_SINGLE, Closeness, Look, basis_of, slow_cells
from raceway_core.event import TraceId
from raceway_core.measured import Operation
from raceway_core.options import Latency

Key: TypeAlias = tuple[TraceId, int]
"""A call: its trace and its place there."""

_PLAIN = Latency()


class Crowd(msgspec.Struct, frozen=True):
    """Many slow calls that are told as one; a new level if `is_shift`. `members` are some, oldest first."""

    is_shift: bool
    judgement: Judgement
    level_ns: int
    members: Sequence[Call]
    count: int


class Failing(msgspec.Struct, frozen=True):
    """A rate of errors that is not normal; with `call` it begins."""

    call: Call
    judgement: RateJudgement
    count: int


class Verdict(msgspec.Struct, frozen=True):
    """See the module. `excess_ns` is of all calls that took longer than expected."""

    judged: Mapping[Key, tuple[Call, Judgement]] = {}
    excess_ns: Mapping[Key, int] = {}
    crowds: Sequence[Crowd] = ()
    failing: Sequence[Failing] = ()


NOTHING = Verdict()


def key_of(call: Call) -> Key:
    """Return what names a call among all."""
    return call.trace_id, call.place


def verdict_of(look: Look, calls: Sequence[Call], own: Sequence[Call] = ()) -> Verdict:
    """Return the verdict on the bucket of `look`; `calls` are what its queries found.

    It depends on the set of `calls` only. `own` are calls that are asked about: if they are slow they
    are told one by one even where there are too many. Time: O(n log n) in the calls and cells.
    """
    if look.closeness is Closeness.NOTHING:
        return NOTHING
    return _by_call(look, calls) if look.closeness is Closeness.CALLS else _by_sums(look, calls, own)


def verdicts_of(
    looks: Iterable[Look], answers: Iterable[Sequence[Call]], own: Sequence[Call] = ()
) -> list[Verdict]:
    """Return the verdict of each look; `answers` are to all their queries, one after the other."""
    found = iter(answers)
    return [
        verdict_of(look, [call for answer in islice(found, len(look.queries)) for call in answer], own)
        for look in looks
    ]


def _by_call(look: Look, found: Sequence[Call]) -> Verdict:
    calls = sorted(found, key=lambda call: (call.end_ns, call.trace_id, call.place))
    known = look.history.before(look.start)
    rates = {family_of(call.operation): ErrorRate(known.calls, known.errors) for call in calls[:1]}
    learner = Learner(calls, _PLAIN, sketches=known.sketches, rates=rates)
    for number in range(len(calls)):
        learner.take(number)
    return Verdict(
        judged={
            key_of(calls[number]): (calls[number], judgement)
            for number, judgement in learner.judgements.items()
            if calls[number].bucket == look.number
        },
        excess_ns={key_of(calls[number]): excess_ns for number, excess_ns in learner.excess_ns.items()},
        crowds=[
            Crowd(
                is_shift=True,
                judgement=shift.judgement,
                level_ns=shift.level_ns,
                members=[calls[number] for number in shift.members],
                count=len(shift.members),
            )
            for shift in learner.shifts
            if calls[shift.members[-1]].bucket == look.number
        ],
        failing=[
            Failing(calls[number], judgement, round(judgement.rate * ENOUGH))
            for number, judgement in learner.rates
            if calls[number].bucket == look.number
        ],
    )


def _by_sums(look: Look, calls: Sequence[Call], own: Sequence[Call]) -> Verdict:
    known = look.history.before(look.number)
    judged: dict[Key, tuple[Call, Judgement]] = {}
    crowds = []
    for bucket in look.history.at(look.number):
        basis = basis_of(known, bucket)
        asked = [call for call in own if call.bucket == look.number]
        slow = list(_slow_of(bucket.operation, calls, basis))
        count = sum(bucket.counts[cell] for cell in slow_cells(basis, bucket))
        if count > MOST_SINGLE and slow:
            level_ns = round(value_of(bucket.sketch.median()))
            crowds.append(_crowd(slow[0], level_ns, judge(basis, level_ns), count))
            slow = list(_slow_of(bucket.operation, asked, basis))
        judged.update((key_of(call), (call, judgement)) for call, judgement in slow)
    return Verdict(
        judged=judged,
        excess_ns={
            key: call.duration_ns - int(judgement.expected_ns) for key, (call, judgement) in judged.items()
        },
        crowds=crowds,
        failing=_failing(look, calls),
    )


def _slow_of(operation: Operation, calls: Iterable[Call], basis: Sketch) -> Iterator[tuple[Call, Judgement]]:
    """Yield the slow calls of an operation, the longest first."""
    ours = sorted((call for call in calls if call.operation == operation), key=_longest_first)
    for call in ours:
        if judgement := judge(basis, call.duration_ns):
            yield call, judgement


def _longest_first(call: Call) -> tuple[int, TraceId, int]:
    return -call.duration_ns, call.trace_id, call.place


def _crowd(worst: tuple[Call, Judgement], level_ns: int, shift: Judgement | None, count: int) -> Crowd:
    call, judgement = worst
    return Crowd(
        is_shift=shift is not None,
        judgement=shift or judgement,
        level_ns=level_ns if shift else call.duration_ns,
        members=[call],
        count=count,
    )


def _failing(look: Look, calls: Sequence[Call]) -> list[Failing]:
    known, history = look.history.before(look.number), look.history
    failed = [bucket for bucket in history.at(look.number) if is_error(bucket.operation.status)]
    failures = sum(chain.from_iterable(bucket.counts.values() for bucket in failed))
    judgement = judge_rate(failures, history.size(look.number), known.errors, known.calls)
    culprits = [call for call in calls if is_error(call.operation.status)]
    return [Failing(min(culprits, key=_longest_first), judgement, failures)] if judgement and culprits else []
