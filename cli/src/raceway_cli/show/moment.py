"""A moment in a line: what happened, where, in which task or on which thread."""

from __future__ import annotations

from raceway_core.moment import Phase
from raceway_core.moment_view import MomentView


def moment_text(moment: MomentView) -> str:
    """Return an event, or the start or the end of one, with its place and task, thread or service."""
    where = f" at {moment.location}" if moment.location else ""
    return f"{what_text(moment)}{where} ({moment.task_id or moment.thread_id or moment.service})"


def what_text(moment: MomentView) -> str:
    """Return an event, or the start or the end of one."""
    return moment.what if moment.phase is Phase.POINT else f"{moment.phase.value} of {moment.what}"
