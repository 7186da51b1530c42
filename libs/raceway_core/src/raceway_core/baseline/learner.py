"""Learning: the measurements of all traces in the order of time, each judged and then learnt from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

import msgspec

from raceway_core.baseline.baseline import Baseline, Shift
from raceway_core.baseline.error_rate import ErrorRate, RateJudgement
from raceway_core.baseline.outcome import is_error
from raceway_core.baseline.rule import Judgement
from raceway_core.baseline.sketch import Sketch
from raceway_core.event import TraceId
from raceway_core.graph.event_table import NONE
from raceway_core.measured import Measurement, Operation, TraceMeasurements
from raceway_core.options import Latency


class Unfolded(NamedTuple):
    """The measurements of all traces, numbered through, so that `inside` names them too."""

    measurements: list[Measurement]
    trace_ids: list[TraceId]

    @classmethod
    def of(cls, traces: Iterable[TraceMeasurements]) -> Unfolded:
        measurements: list[Measurement] = []
        trace_ids: list[TraceId] = []
        for trace_id, ours in traces:
            offset = len(measurements)
            trace_ids += [trace_id] * len(ours)
            measurements += [_moved(measurement, offset) for measurement in ours] if offset else ours
        return cls(measurements, trace_ids)

    @property
    def in_time(self) -> list[int]:
        """All numbers, in the order in which the operations ended."""
        ends_ns = [measurement.end_ns for measurement in self.measurements]
        return sorted(range(len(ends_ns)), key=ends_ns.__getitem__)


def _moved(measurement: Measurement, offset: int) -> Measurement:
    if measurement.inside == NONE:
        return measurement
    return msgspec.structs.replace(measurement, inside=measurement.inside + offset)


class Timed(Protocol):
    """What is judged and learnt of a measurement."""

    @property
    def operation(self) -> Operation: ...
    @property
    def end_ns(self) -> int: ...
    @property
    def duration_ns(self) -> int: ...


class Learner:
    """Judges and learns one measurement after the other.

    It begins with what `sketches` and `rates` know already, by operation, the latter of any status.

    `judgements` are of the measurements that were not normal, `excess_ns` of those that took longer than
    expected; `rates` are the worst of each episode of failures, with the measurement at which it began.
    """

    def __init__(
        self,
        measurements: Sequence[Timed],
        latency: Latency,
        *,
        sketches: Mapping[Operation, Sketch] = MappingProxyType({}),
        rates: Mapping[Operation, ErrorRate] = MappingProxyType({}),
    ) -> None:
        self.baselines = {operation: Baseline(sketch) for operation, sketch in sketches.items()}
        self.judgements: dict[int, Judgement] = {}
        self.excess_ns: dict[int, int] = {}
        self.shifts: list[Shift] = []
        self.rates: list[tuple[int, RateJudgement]] = []
        self._error_rates = dict(rates)
        self._episodes: dict[Operation, int] = {}
        self._measurements = measurements
        self._both_sides = latency.both_sides

    def take(self, number: int) -> None:
        measurement = self._measurements[number]
        baseline = self.baselines.get(measurement.operation)
        if baseline is None:
            baseline = self.baselines[measurement.operation] = Baseline()
        at_ns, duration_ns = measurement.end_ns, measurement.duration_ns
        judgement = baseline.judge(at_ns, duration_ns, both_sides=self._both_sides)
        self._note(number, measurement, baseline, judgement)
        baseline.learn(number, at_ns, duration_ns, is_anomalous=judgement is not None)
        if judgement and (shift := baseline.shift(both_sides=self._both_sides)):
            self.shifts.append(shift)
        self._learn_outcome(number, measurement.operation)

    def _note(self, number: int, measurement: Timed, baseline: Baseline, judgement: Judgement | None) -> None:
        expected_ns = judgement.expected_ns if judgement else baseline.level_before_ns
        if expected_ns is not None and (excess_ns := measurement.duration_ns - int(expected_ns)) > 0:
            self.excess_ns[number] = excess_ns
        if judgement is not None:
            self.judgements[number] = judgement

    def _learn_outcome(self, number: int, operation: Operation) -> None:
        any_status = operation._replace(status="")
        rate = self._error_rates.get(any_status)
        if rate is None:
            rate = self._error_rates[any_status] = ErrorRate()
        if judgement := rate.learn(is_error=is_error(operation.status)):
            self._note_rate(number, any_status, judgement)

    def _note_rate(self, number: int, operation: Operation, judgement: RateJudgement) -> None:
        if judgement.is_new:
            self._episodes[operation] = len(self.rates)
            self.rates.append((number, judgement))
            return
        began, worst = self.rates[self._episodes[operation]]
        if judgement.score > worst.score:
            self.rates[self._episodes[operation]] = (began, judgement)
