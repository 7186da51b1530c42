"""Moments: nodes of the causal graph as a reader sees them: what happened, where, on whose behalf.

An event without a duration is one moment, one with a duration has a moment at which it starts and one at
which it ends. A cause is a moment and not an event: what two threads of one request have in common is
mostly the start of a call that has not ended yet.
"""

from __future__ import annotations

from enum import Enum

import msgspec

from raceway_core.event import EventId
from raceway_core.runner import Runner


class Phase(Enum):
    """What of an event a moment is. The value is the word shown to a reader."""

    POINT = "point"
    START = "start"
    END = "end"


class Moment(msgspec.Struct, frozen=True, gc=False, array_like=True, kw_only=True):
    """One node of a trace's causal graph. `what` says in words what happened: `call of transfer`."""

    event_id: EventId
    phase: Phase
    kind: str
    what: str
    service: str
    thread_id: str
    task_id: str | None
    location: str
    time_ns: int

    @property
    def runner(self) -> Runner:
        """What ran the event."""
        return Runner(self.task_id or "", self.thread_id, self.service)

    @property
    def runner_name(self) -> str:
        """The task, else the thread, else the service."""
        return self.task_id or self.thread_id or self.service

    def event_words(self, name: str) -> str:
        """Return the whole event in words: what, where, and by a runner of this name."""
        where = f" at {self.location}" if self.location else ""
        return f"the {self.what}{where} ({name})"

    def __str__(self) -> str:
        phase = "" if self.phase is Phase.POINT else f"the {self.phase.value} of "
        return phase + self.event_words(self.runner_name)
