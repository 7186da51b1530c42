"""A moment in a line: what happened, where, on which thread."""

from __future__ import annotations

from raceway_core.moment import Phase
from raceway_core.moment_view import MomentView


def moment_text(moment: MomentView) -> str:
    """Return an event, or the start or the end of one, with its place and thread."""
    phase = "" if moment.phase is Phase.POINT else f"{moment.phase.value} of "
    where = f" at {moment.location}" if moment.location else ""
    return f"{phase}{moment.what}{where} ({moment.thread_id or 'an unnamed thread'})"
