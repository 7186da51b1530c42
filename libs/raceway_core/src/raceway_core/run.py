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
(`raceway_core.across.predicted`) need no overlap at all; in a run they are found among its windows.

Source: Liu et al. 2017, DCatch (races between requests that nothing orders).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

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

    Time: O(k log k) for k accesses, but see `across.race` for locks and `across.lost_update` for
    transactions of several writes.
    """
    distinct = dict(sorted(windows, key=lambda item: (item[0], item[1].body)))
    new_traces = {trace_id for trace_id, window in distinct.items() if window.first_ns // SPAN_NS == span}
    runs = [
        RunAccesses({trace_id: Opened(trace_id, distinct[trace_id]) for trace_id in traces}, new_traces)
        for traces in _runs(distinct)
        if len(traces) > 1 and not new_traces.isdisjoint(traces)
    ]
    losing = [run for run in runs if not cannot_lose(run.windows)]
    racing = [run for run in runs if not cannot_race(run.windows)]
    splitting = [run for run in runs if any(has_split(window.body) for window in run.windows)]
    if not losing and not racing and not splitting:
        return []
    scene = _scene_of(runs)
    found = _findings_of(losing, racing, scene)
    return _ranked([*found, *_predicted_in(splitting, scene, names_of(found))])


def find_never_met(windows: Sequence[tuple[TraceId, Window]], known: Collection[str] = ()) -> list[Finding]:
    """Return the predicted lost updates among all windows of one variable, whenever they were.

    Those whose fingerprint is `known` are left out: their pairs were counted in runs. Time: O(k log k).
    """
    distinct = dict(sorted(windows, key=lambda item: (item[0], item[1].body)))
    if len(distinct) < 2 or all(window.turn != NO_TURN for window in distinct.values()):
        return []  # what takes a turn splits no update
    opened = {trace_id: Opened(trace_id, window) for trace_id, window in distinct.items()}
    if not any(has_split(window.body) for window in opened.values()):
        return []
    run = RunAccesses(opened, distinct.keys())
    return _ranked(_predicted_in([run], _scene_of([run]), known))


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


def _scene_of(runs: Sequence[RunAccesses]) -> Scene:
    accesses = [access for run in runs for access in run.accesses]
    return Scene(_evidence_in(runs), {accesses[0].variable: accesses}, program_order)


def _findings_of(losing: Sequence[RunAccesses], racing: Sequence[RunAccesses], scene: Scene) -> list[Finding]:
    """Return the findings of those runs that may have lost updates, and of those that may have races."""
    losses = [tally for run in losing for tally in run_lost_updates(run)]
    lost = group(losses, scene, kind=FindingKind.LOST_UPDATE, across_traces=True)
    proven = names_of(lost)
    races = [tally for run in racing for tally in race_tallies(run, run.accesses[0].variable, proven)]
    return absorb(lost, group(races, scene, across_traces=True), scene)


def _predicted_in(runs: Iterable[RunAccesses], scene: Scene, known: Collection[str]) -> list[Finding]:
    predicted = [predict_across(run) for run in runs]
    tallies = [tally for one in predicted for tally in one.tallies]
    findings = group(tallies, scene, kind=FindingKind.LOST_UPDATE, across_traces=True)
    return told_findings(findings, (shown for one in predicted for shown in one.shown), known)


def _ranked(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.sort_key)


def _evidence_in(runs: Iterable[RunAccesses]) -> Callable[[Access], AccessEvidence]:
    run_of = {trace_id: run for run in runs for trace_id in run.traces}
    return lambda access: run_of[access.trace_id].evidence(access)
