"""The graph of services as tables."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_api.v1.service import CallItem, GraphView, ServiceDetail, ServiceItem
from raceway_cli.show.table import duration_text, print_first, print_table, time_text

_MOST_PAIRS = 50
_COLUMNS = ("service", "traces>", "events>", "last activity")


def print_graph(graph: GraphView) -> None:
    """Print the services by level, the calls, cycles, and shared variables."""
    if not graph.nodes:
        click.echo("no services yet; point an SDK at this server, or run `raceway demo`")
        return
    print_table(("level>", *_COLUMNS), [(node.level, *_service_cells(node.service)) for node in graph.nodes])
    _print_calls(graph.calls)
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


def print_service(detail: ServiceDetail) -> None:
    """Print one service, whom it calls and who calls it."""
    print_table(_COLUMNS, [_service_cells(detail.service)])
    _print_calls(detail.calls_to)
    _print_calls(detail.called_by)


def _service_cells(service: ServiceItem) -> tuple[str, int, int, str]:
    return service.name, service.trace_count, service.event_count, time_text(service.last_activity)


def _print_calls(calls: Sequence[CallItem]) -> None:
    if calls:
        click.echo()
        print_first(
            _MOST_PAIRS,
            ("caller", "calls", "times>", "traces>", "errors>", "p50>", "p95>", "p99>", "by"),
            calls,
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


def _ms_text(duration_ms: float | None) -> str:
    return "" if duration_ms is None else duration_text(round(duration_ms * 1_000_000))
