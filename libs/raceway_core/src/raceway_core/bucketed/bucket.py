"""Buckets: how often an operation took how long, by ten minutes of event time.

A bucket is a sum over the calls that ended in it, so a call can be taken out of it again: when a
trace is analyzed anew, what it had counted before is subtracted.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from raceway_core.baseline.sketch import Sketch, bucket_of
from raceway_core.event import TraceId
from raceway_core.measured import Measurement, Operation

BUCKET_NS = 600_000_000_000

_LONGEST_NS = 2**63 - 1
_MOST_CRITICAL_US = 2**36


class CallEntry(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """What one measured call of a trace adds to the sums."""

    operation: Operation
    end_ns: int
    duration_ns: int
    critical_us: int

    @property
    def bucket(self) -> int:
        """The number of the bucket that counts the call."""
        return self.end_ns // BUCKET_NS

    @property
    def cell(self) -> int:
        """Where in the bucket's sketch the call is counted."""
        return bucket_of(self.duration_ns)


class Bucket(msgspec.Struct, frozen=True, gc=False):
    """The calls of one operation that ended in one bucket; `counts` is a sketch's."""

    operation: Operation
    number: int
    counts: Mapping[int, int]
    critical_us: int = 0

    @property
    def sketch(self) -> Sketch:
        """The durations."""
        return Sketch(self.counts)


class Call(msgspec.Struct, frozen=True, gc=False):
    """One call: the measurement at `place` of a trace."""

    operation: Operation
    trace_id: TraceId
    place: int
    end_ns: int
    duration_ns: int

    @property
    def bucket(self) -> int:
        """The number of the bucket that counts the call."""
        return self.end_ns // BUCKET_NS


class CallQuery(msgspec.Struct, frozen=True, gc=False):
    """Asks for calls of an operation in the buckets `first..last`, up to `most`, the longest first.

    They took `least_ns` or longer.
    """

    operation: Operation
    first: int
    last: int
    most: int
    least_ns: int = 0


def call_entry(measurement: Measurement) -> CallEntry:
    """Return what a measurement adds to the sums; no number is larger than a store can add up."""
    return CallEntry(
        measurement.operation,
        measurement.end_ns,
        min(measurement.duration_ns, _LONGEST_NS),
        min(measurement.critical_ns // 1000, _MOST_CRITICAL_US),
    )


def family_of(operation: Operation) -> Operation:
    """Return the operation however it ended: of that the rate of errors is a property."""
    return operation._replace(status="")
