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
(`raceway_core.across.predicted`) need no overlap at all; they are found among all windows of a span, and
over all time among the exemplars of what is done to the variable (`raceway_core.across.exemplar`).

Source: Liu et al. 2017, DCatch (races between requests that nothing orders).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence, Set

from raceway_core.access import Variable
from raceway_core.across.accesses import RunAccesses, program_order
from raceway_core.across.exemplar import exemplars_of
from raceway_core.across.glance import cannot_lose, cannot_race
from raceway_core.across.lost_update import run_lost_updates
from raceway_core.across.pairing import Apart, InSpan, Pairing
from raceway_core.across.predicted import predict_across
from raceway_core.across.race import race_tallies
from raceway_core.across.surroundings import RunSurroundings
from raceway_core.across.window_writer import windows_of
from raceway_core.deed_key import is_split
from raceway_core.event import TraceId
from raceway_core.finding import Finding, FindingKind
from raceway_core.grouping import Scene, absorb, group, names_of
from raceway_core.predicted_finding import told_findings
from raceway_core.result import Window
from raceway_core.span import SPAN_NS

__all__ = ["SLACK_NS", "find_across_traces", "find_never_met", "windows_of"]

SLACK_NS = 1_000_000_000
"""Windows that are so far apart may still be of one run."""


def find_across_traces(span: int, windows: Sequence[tuple[TraceId, Window]]) -> list[Finding]:
    """Return the findings of one variable whose later window begins in `span`, ranked.

    `windows` are all windows of the variable that touch the span, in any order.

    Time: O(k log k) for k accesses, but see `across.race` for locks, `across.lost_update` for
    transactions of several writes and `across.predicted` for many different ones.
    """
    distinct = _one_per_trace(windows)
    new_traces = {trace_id for trace_id, window in distinct.items() if window.first_ns // SPAN_NS == span}
    met = _found_in_runs(distinct, new_traces)
    predicted = _predicted_in_span(distinct, new_traces, names_of(met))
    return sorted([*met, *predicted], key=lambda finding: finding.sort_key) if predicted else met


def find_never_met(windows: Iterable[tuple[TraceId, Window]]) -> list[Finding]:
    """Return the predicted lost updates between windows of one variable that touch no span together.

    Only exemplars are compared, so it is enough if `windows` has those; what touches one span is the
    span's (`find_across_traces`). Time: O(k log k), then it does not depend on how many windows there are.
    """
    exemplars = exemplars_of(_one_per_trace(windows))
    if len(exemplars) < 2:
        return []
    run = RunAccesses(exemplars, exemplars.keys())
    return _predicted_by(Apart(run), run, _variable_of(exemplars))


def _found_in_runs(windows: Mapping[TraceId, Window], new_traces: Set[TraceId]) -> list[Finding]:
    """Return the findings of windows that were there about the same time."""
    runs = [
        RunAccesses({trace_id: windows[trace_id] for trace_id in traces}, new_traces)
        for traces in _runs(windows)
        if len(traces) > 1 and not new_traces.isdisjoint(traces)
    ]
    losing = [run for run in runs if not cannot_lose(run)]
    racing = [run for run in runs if not cannot_race(run)]
    return _findings_of(_variable_of(windows), runs, losing, racing) if losing or racing else []


def _predicted_in_span(
    windows: Mapping[TraceId, Window], new_traces: Set[TraceId], known: Collection[str]
) -> list[Finding]:
    """Return the predicted lost updates of windows that need not have met, without the `known` ones."""
    keys = {window.deeds for window in windows.values()}
    if len(windows) < 2 or not new_traces or not any(map(is_split, keys)):
        return []
    run = RunAccesses(windows, new_traces)
    return _predicted_by(InSpan(), run, _variable_of(windows), known)


def _predicted_by(
    pairing: Pairing, run: RunAccesses, variable: Variable, known: Collection[str] = ()
) -> list[Finding]:
    tallies, shown = predict_across(run, variable, pairing)
    scene = Scene(RunSurroundings([run]), program_order)
    return told_findings(
        group(tallies, scene, kind=FindingKind.LOST_UPDATE, across_traces=True), shown, known
    )


def _variable_of(windows: Mapping[TraceId, Window]) -> Variable:
    window = next(iter(windows.values()))
    return Variable(window.variable, window.scope)


def _one_per_trace(windows: Iterable[tuple[TraceId, Window]]) -> dict[TraceId, Window]:
    distinct: dict[TraceId, Window] = {}
    for trace_id, window in windows:
        other = distinct.setdefault(trace_id, window)
        if other.body < window.body:
            distinct[trace_id] = window
    return distinct


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
    variable: Variable,
    runs: Sequence[RunAccesses],
    losing: Sequence[RunAccesses],
    racing: Sequence[RunAccesses],
) -> list[Finding]:
    """Return the findings of those runs that may have lost updates, and of those that may have races."""
    scene = Scene(RunSurroundings(runs), program_order)
    losses = [tally for run in losing for tally in run_lost_updates(run, variable)]
    lost = group(losses, scene, kind=FindingKind.LOST_UPDATE, across_traces=True)
    races = [tally for run in racing for tally in race_tallies(run, variable, names_of(lost))]
    return absorb(lost, group(races, scene, across_traces=True), scene)
