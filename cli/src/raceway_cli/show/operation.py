"""What operations cost, as a table, and what a change of one would."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_cli.show.table import duration_text, print_first
from raceway_core.operation_view import OperationView, WhatIfView

_MOST = 10


def print_operations(operations: Sequence[OperationView]) -> None:
    """Print the operations with the most drag; nothing where no critical path has a length."""
    if not operations:
        return
    click.echo()
    columns = ("operation", "service", "drag>", "on critical paths>", "share>", "in traces>")
    print_first(_MOST, columns, operations, _row)


def print_what_if(answer: WhatIfView) -> None:
    """Print what a change would save or cost."""
    before, after = int(answer.before_ns), int(answer.after_ns)
    part = f" ({(after - before) / before:+.1%})" if before else ""
    click.echo(
        f"\nif {answer.operation} took {answer.factor:g} × its own time: critical paths of "
        f"{duration_text(after)} in place of {duration_text(before)}{part}"
    )


def _row(operation: OperationView) -> tuple[str, ...]:
    return (
        operation.operation,
        operation.service,
        duration_text(int(operation.drag_ns)),
        duration_text(int(operation.critical_ns)),
        f"{operation.share:.0%}",
        f"{operation.presence:.0%}",
    )
