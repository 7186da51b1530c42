"""Races and lost updates across traces: runs of overlapping windows of one variable.

Traces without a causal link are unordered, so every two accesses of different traces could race.
What is worth comparing is what happened about the same time: a *run* is a maximal set of windows
each of which overlaps the ones before it with a slack of a second. So that a variable that is never
at rest stays bounded, runs are cut at fixed spans of event time. A window belongs to every span
that it touches, and a pair to the span in which the later of its two windows begins: each pair is
counted once, wherever the cuts fall.

Pairs inside one trace are the trace's own (`raceway_core.analysis`). The same definitions hold for
both: `raceway_core.race` and `raceway_core.lost_update`. What a cut means for a proof that rests on
a whole run is told in docs/adr/0004-confirmation-within-a-run.md. Lost updates that are only predicted
(`raceway_core.across.predicted`) need no overlap at all; they are found among all windows of a span.

Source: Liu et al. 2017, DCatch (races between requests that nothing orders).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set

from raceway_core.access import Access
from raceway_core.across.accesses import RunAccesses, program_order
from raceway_core.across.glance import cannot_lose, cannot_race
from raceway_core.across.lost_update import run_lost_updates
from raceway_core.across.predicted import predict_across
from raceway_core.across.race import race_tallies
from raceway_core.across.split import has_split
from raceway_core.across.window import Opened
from raceway_core.across.window_writer import windows_of
from raceway_core.event import TraceId
from raceway_core.finding import AccessEvidence, Finding, FindingKind
from raceway_core.grouping import Scene, absorb, group, names_of
from raceway_core.predicted_finding import told_findings
from raceway_core.result import Window
from raceway_core.span import SPAN_NS
from raceway_core.turn import NO_TURN

__all__ = ["SLACK_NS", "find_across_traces", "find_never_met", "windows_of"]

SLACK_NS = 1_000_000_000
"""Windows that are so far apart may still be of one run."""


def find_across_traces(span: int, windows: Sequence[tuple[TraceId, Window]]) -> list[Finding]:
    """Return the findings of one variable whose later window begins in `span`, ranked.

    `windows` are all windows of the variable that touch the span, in any order.

    Time: O(k log k) for k accesses, but see `across.race` for locks, `across.lost_update` for
    transactions of several writes and `across.predicted` for many different ones.
    """
    found = _Windows(windows)
    new_traces = {trace_id for trace_id, window in found.packed.items() if window.first_ns // SPAN_NS == span}
    met = _found_in_runs(found, new_traces)
    return _ranked([*met, *_predicted_among(found, new_traces, names_of(met))])


def find_never_met(windows: Sequence[tuple[TraceId, Window]], known: Collection[str] = ()) -> list[Finding]:
    """Return the predicted lost updates among all windows of one variable, whenever they were.

    Those whose fingerprint is `known` are left out: their pairs were counted by span. Time: O(k log k).
    """
    found = _Windows(windows)
    return _ranked(_predicted_among(found, found.packed.keys(), known))


class _Windows:
    """Windows of one variable by trace, each opened once, when it is asked for."""

    def __init__(self, windows: Sequence[tuple[TraceId, Window]]) -> None:
        self.packed = dict(sorted(windows, key=lambda item: (item[0], item[1].body)))
        self._opened: dict[TraceId, Opened] = {}

    def opened(self, trace_ids: Iterable[TraceId]) -> Mapping[TraceId, Opened]:
        """Return the windows of these traces."""
        return {trace_id: self._open(trace_id) for trace_id in trace_ids}

    @property
    def has_split(self) -> bool:
        """Whether an update is split in one of them. What takes a turn splits none."""
        return any(
            window.turn == NO_TURN and has_split(self._open(trace_id).body)
            for trace_id, window in self.packed.items()
        )

    def _open(self, trace_id: TraceId) -> Opened:
        if trace_id not in self._opened:
            self._opened[trace_id] = Opened(trace_id, self.packed[trace_id])
        return self._opened[trace_id]


def _found_in_runs(windows: _Windows, new_traces: Set[TraceId]) -> list[Finding]:
    """Return the findings of windows that were there about the same time."""
    runs = [
        RunAccesses(windows.opened(traces), new_traces)
        for traces in _runs(windows.packed)
        if len(traces) > 1 and not new_traces.isdisjoint(traces)
    ]
    losing = [run for run in runs if not cannot_lose(run.windows)]
    racing = [run for run in runs if not cannot_race(run.windows)]
    return _findings_of(runs, losing, racing) if losing or racing else []


def _runs(windows: Mapping[TraceId, Window]) -> Iterator[list[TraceId]]:
    run: list[TraceId] = []
    last_ns = 0
    for trace_id, window in sorted(windows.items(), key=lambda item: item[1].first_ns):
        if run and window.first_ns > last_ns + SLACK_NS:
            yield run
            run = []
        last_ns = max(last_ns, window.last_ns) if run else window.last_ns
        run.append(trace_id)
    yield run


def _findings_of(
    runs: Sequence[RunAccesses], losing: Sequence[RunAccesses], racing: Sequence[RunAccesses]
) -> list[Finding]:
    """Return the findings of those runs that may have lost updates, and of those that may have races."""
    scene = _scene_of(runs)
    losses = [tally for run in losing for tally in run_lost_updates(run)]
    lost = group(losses, scene, kind=FindingKind.LOST_UPDATE, across_traces=True)
    proven = names_of(lost)
    races = [tally for run in racing for tally in race_tallies(run, run.accesses[0].variable, proven)]
    return absorb(lost, group(races, scene, across_traces=True), scene)


def _predicted_among(windows: _Windows, new_traces: Set[TraceId], known: Collection[str]) -> list[Finding]:
    """Return the predicted lost updates of windows that need not have met, without the `known` ones."""
    if len(windows.packed) == 1 or not new_traces or not windows.has_split:
        return []
    run = RunAccesses(windows.opened(windows.packed), new_traces)
    tallies, shown = predict_across(run)
    findings = group(tallies, _scene_of([run]), kind=FindingKind.LOST_UPDATE, across_traces=True)
    return told_findings(findings, shown, known)


def _scene_of(runs: Sequence[RunAccesses]) -> Scene:
    accesses = [access for run in runs for access in run.accesses]
    return Scene(_evidence_in(runs), {accesses[0].variable: accesses}, program_order)


def _ranked(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.sort_key)


def _evidence_in(runs: Iterable[RunAccesses]) -> Callable[[Access], AccessEvidence]:
    run_of = {trace_id: run for run in runs for trace_id in run.traces}
    return lambda access: run_of[access.trace_id].evidence(access)
