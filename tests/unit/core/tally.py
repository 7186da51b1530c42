"""Buckets and calls of measured traces, kept in memory as a store would keep them in tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from raceway_core.anomaly import Anomaly
from raceway_core.bucketed.bucket import Bucket, Call, CallQuery, call_entry
from raceway_core.bucketed.history import histories
from raceway_core.bucketed.look import looks_at
from raceway_core.bucketed.told import tell
from raceway_core.bucketed.verdict import verdicts_of
from raceway_core.measured import Operation, TraceMeasurements


class Tally:
    """What a store holds of some traces."""

    def __init__(self, traces: Iterable[TraceMeasurements]) -> None:
        self.traces = dict(traces)
        self.calls: list[Call] = []
        counts: defaultdict[tuple[Operation, int], Counter[int]] = defaultdict(Counter)
        for trace_id, measurements in self.traces.items():
            for place, entry in enumerate(map(call_entry, measurements)):
                self.calls.append(Call(entry.operation, trace_id, place, entry.end_ns, entry.duration_ns))
                counts[entry.operation, entry.bucket][entry.cell] += 1
        self.buckets = [Bucket(operation, number, cells) for (operation, number), cells in counts.items()]

    def answer(self, query: CallQuery) -> Sequence[Call]:
        found = [
            call
            for call in self.calls
            if call.operation == query.operation
            and query.first <= call.bucket <= query.last
            and call.duration_ns >= query.least_ns
        ]
        return sorted(found, key=lambda call: (-call.duration_ns, call.trace_id, call.place))[: query.most]

    def anomalies(self) -> list[Anomaly]:
        """Return what is told of all buckets."""
        looks = [
            look
            for history in histories(self.buckets).values()
            for look in looks_at(history, history.numbers)
        ]
        answers = [self.answer(query) for look in looks for query in look.queries]
        return tell(verdicts_of(looks, answers), self.traces)
