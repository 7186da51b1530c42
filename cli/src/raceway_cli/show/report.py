"""The report of a file as a person reads it: sizes, findings, variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from raceway_cli.show.anomaly import print_anomalies
from raceway_cli.show.clock_offset import print_clock_offsets
from raceway_cli.show.finding import counted, findings_text
from raceway_cli.show.isolation import isolation_text
from raceway_cli.show.lock import print_lock_uses
from raceway_cli.show.note import note_text
from raceway_cli.show.operation import print_operations, print_what_if
from raceway_cli.show.path import print_paths
from raceway_cli.show.table import print_first
from raceway_core.note import Note
from raceway_core.offline import Shape
from raceway_core.report import ClockReport, Report, VariableReport

_OF_SPANS = frozenset({"jaeger", "otlp"})
"""Formats of tracers: whoever has such a file asks first where its time went."""

_MOST_VARIABLES = 20
_MOST_ISSUES = 20


def print_report(report: Report) -> None:
    """Print the report; the JSON form has all of it."""
    if report.counts:
        _print_counts(report.counts)
    _print_notes(report.notes or ())
    if report.critical_paths and report.format in _OF_SPANS:
        print_paths(report.critical_paths)
    if report.findings is not None:
        click.echo(findings_text(report.findings))
    racy = [variable for variable in report.variables or () if variable.racy]
    if racy:
        click.echo()
        _print_variables(racy)
    if report.isolation and (report.isolation.transactions or report.findings is None):
        click.echo(isolation_text(report.isolation))
    print_lock_uses(report.locks or ())
    _print_times(report)


def _print_times(report: Report) -> None:
    print_operations(report.operations or ())
    if report.what_if:
        print_what_if(report.what_if)
    print_anomalies(report.anomalies or (), report.baselines or ())
    if report.clock:
        _print_clock(report.clock)


def _print_counts(counts: Shape) -> None:
    click.echo(
        f"{counted(counts.events, 'event')} in {counted(counts.traces, 'trace')} "
        f"and {counted(counts.chains, 'chain')}; {counts.ordered_pairs:,} pairs ordered, "
        f"{counts.concurrent_pairs:,} concurrent\n"
    )


def _print_notes(notes: Sequence[Note]) -> None:
    for note in notes:
        click.echo(f"{click.style('note:', fg='yellow', bold=True)} {note_text(note)}")
    if notes:
        click.echo()


def _print_clock(clock: ClockReport) -> None:
    if clock.issues:
        kinds = Counter(issue.kind for issue in clock.issues)
        click.echo("\nclock issues: " + ", ".join(f"{kind} × {n}" for kind, n in sorted(kinds.items())))
        for issue in clock.issues[:_MOST_ISSUES]:
            where = f"event {issue.event}" if issue.line is None else f"line {issue.line}"
            click.echo(f"  {where}: {issue.kind}: {issue.message}")
        if (left := len(clock.issues) - _MOST_ISSUES) > 0:
            click.echo(f"  … {left:,} more with --json")
    if clock.skipped_lines:
        click.echo(f"\n{counted(clock.skipped_lines, 'line')} skipped")
    print_clock_offsets(clock.offsets or (), clock.steps or ())


def _print_variables(variables: Sequence[VariableReport]) -> None:
    counts = ("proven>", "observed>", "possible>", "order-dependent>", "guarded>")
    print_first(_MOST_VARIABLES, ("racy variable", "accesses>", *counts), variables, _row)


def _row(variable: VariableReport) -> tuple[object, ...]:
    return (
        variable.variable,
        variable.accesses,
        variable.pairs.proven,
        variable.pairs.observed,
        variable.pairs.possible,
        variable.pairs.order_dependent,
        variable.pairs.guarded,
    )
