"""The graph of services as tables."""

from __future__ import annotations

import click

from raceway_api.v1.service import GraphView
from raceway_cli.show.table import duration_text, print_first, print_table, time_text

_MOST_PAIRS = 50


def print_graph(graph: GraphView) -> None:
    """Print the services by level, the calls, cycles, and shared variables."""
    if not graph.nodes:
        click.echo("no services yet; point an SDK at this server, or run `raceway demo`")
        return
    print_table(
        ("level>", "service", "traces>", "events>", "last activity"),
        [
            (
                node.level,
                node.service.name,
                node.service.trace_count,
                node.service.event_count,
                time_text(node.service.last_activity),
            )
            for node in graph.nodes
        ],
    )
    if graph.calls:
        click.echo()
        print_first(
            _MOST_PAIRS,
            ("caller", "calls", "times>", "traces>", "errors>", "p50>", "p95>", "p99>", "by"),
            graph.calls,
            lambda call: (
                call.caller,
                call.callee,
                call.call_count,
                call.trace_count,
                "" if call.error_rate is None else f"{call.error_rate:.1%}",
                *map(_ms_text, (call.p50_ms, call.p95_ms, call.p99_ms)),
                ", ".join(f"{kind} × {count}" for kind, count in sorted(call.calls.items())),
            ),
        )
    for cycle in graph.cycles:
        click.echo(f"call one another in a circle: {', '.join(cycle)}")
    if graph.shared:
        click.echo()
        print_first(
            _MOST_PAIRS,
            ("service", "shares variables with", "variables>"),
            graph.shared,
            lambda pair: (pair.first, pair.second, pair.variable_count),
        )


def _ms_text(duration_ms: float | None) -> str:
    return "" if duration_ms is None else duration_text(round(duration_ms * 1_000_000))
