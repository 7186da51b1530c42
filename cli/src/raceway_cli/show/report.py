"""The report of a file as a person reads it: sizes, findings, variables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import click

from raceway_cli.show.finding import counted, findings_text
from raceway_cli.show.isolation import isolation_text
from raceway_cli.show.table import print_table
from raceway_core.offline import Shape
from raceway_core.report import Report, VariableReport

_MOST_VARIABLES = 20


def print_report(report: Report) -> None:
    """Print the report; the JSON form has all of it."""
    if report.counts:
        _print_counts(report.counts)
    if report.findings is not None:
        click.echo(findings_text(report.findings))
    racy = [variable for variable in report.variables or () if variable.racy]
    if racy:
        click.echo()
        _print_variables(racy)
    if report.isolation and (report.isolation.transactions or report.findings is None):
        click.echo(isolation_text(report.isolation))
    if report.clock and report.clock.issues:
        kinds = Counter(issue.kind for issue in report.clock.issues)
        click.echo("\nclock issues: " + ", ".join(f"{kind} × {n}" for kind, n in sorted(kinds.items())))


def _print_counts(counts: Shape) -> None:
    click.echo(
        f"{counted(counts.events, 'event')} in {counted(counts.traces, 'trace')} "
        f"and {counted(counts.chains, 'chain')}; {counts.ordered_pairs:,} pairs ordered, "
        f"{counts.concurrent_pairs:,} concurrent\n"
    )


def _print_variables(variables: Sequence[VariableReport]) -> None:
    print_table(
        ("racy variable", "accesses>", "proven>", "observed>", "possible>", "order-dependent>", "guarded>"),
        [
            (
                variable.variable,
                variable.accesses,
                variable.pairs.proven,
                variable.pairs.observed,
                variable.pairs.possible,
                variable.pairs.order_dependent,
                variable.pairs.guarded,
            )
            for variable in variables[:_MOST_VARIABLES]
        ],
    )
    if (left := len(variables) - _MOST_VARIABLES) > 0:
        click.echo(f"… {left:,} more with --json")
