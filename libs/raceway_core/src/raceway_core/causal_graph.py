"""The causal graph: the events of one trace, the chains they ran on, and what led to what.

Built by `build_graph`; ordered by `raceway_core.clock`. Everything is numbered: an event by its
place in `events`, a node by its place in `event_of`. An event without a duration is one node, one
with a duration has a node for its start and one for its end; so `starts[e] == ends[e]` tells a
point event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import msgspec

from raceway_core.event import Event, EventId, Payload
from raceway_core.identity import Process


class EdgeKind(Enum):
    """Why one node happens before another. The value is the word shown to a reader."""

    PROGRAM = "program order"
    PARENT = "parent"
    SPAWN = "spawn"
    AWAIT = "await"
    REQUEST = "request"
    RESPONSE = "response"
    MESSAGE = "message"
    CLOCK = "vector clock"
    RETURN = "structured return (assumed)"
    LOCK = "lock order"


class Edge(NamedTuple):
    """A direct happens-before edge between two nodes of different chains."""

    source: int
    target: int
    kind: EdgeKind


class Chain(msgspec.Struct, frozen=True, gc=False):
    """What really ran one after another. `component` names it in a clock that is shown."""

    process: Process
    host: str
    name: str
    component: str


class ClockIssue(msgspec.Struct, frozen=True, gc=False):
    """Something wrong with a clock that was sent (kinds: WIRE §6, and `gap`)."""

    kind: str
    event_id: EventId
    message: str


class CausalGraph(msgspec.Struct, frozen=True):
    """See the module. `notes` counts by kind what was found odd; the graph is acyclic.

    `chain_nodes[c]` are the nodes of chain c in program order; `edges` are the others, between
    chains. `missing_parents` are parent ids that no event of the trace has.
    """

    events: Sequence[Event]
    payloads: Sequence[Payload]
    number_of: Mapping[EventId, int]
    starts: Sequence[int]
    ends: Sequence[int]
    event_of: Sequence[int]
    chains: Sequence[Chain]
    chain_of: Sequence[int]
    chain_nodes: Sequence[Sequence[int]]
    edges: Sequence[Edge]
    notes: Mapping[str, int]
    clock_issues: Sequence[ClockIssue]
    missing_parents: Sequence[EventId]

    def interval_ns(self, event: int) -> tuple[int, int]:
        """Return when an event began and ended on its own host's wall clock."""
        raise NotImplementedError


def build_graph(events: Sequence[Event]) -> CausalGraph:
    """Return the causal graph of a trace; duplicates among `events` are removed first."""
    raise NotImplementedError
