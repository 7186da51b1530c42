"""Edges: why one node of the causal graph happens directly before another."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple


class EdgeKind(Enum):
    """Why one node happens before another. The value is the word shown to a reader."""

    PROGRAM = "program order"
    PARENT = "parent"
    SPAWN = "spawn"
    AWAIT = "await"
    REQUEST = "request"
    RESPONSE = "response"
    MESSAGE = "message"
    LINK = "span link"
    CLOCK = "vector clock"
    RETURN = "structured return (assumed)"
    LOCK = "lock order"


class Edge(NamedTuple):
    """A direct happens-before edge between two nodes of different chains."""

    source: int
    target: int
    kind: EdgeKind
