"""What each kind of fault is and what to do about it, for readers who have never met it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from raceway_cli.reported.item import Kind


class Rule(NamedTuple):
    """A kind in a line, in a paragraph, and the usual remedy."""

    name: str
    short: str
    full: str
    help: str


RULES: Mapping[Kind, Rule] = {
    Kind.RACE: Rule(
        "Race",
        "Two accesses of one variable that nothing orders.",
        "Two tasks access one variable, at least one of them writes, neither access happens before the"
        " other, and no lock protects both. The outcome depends on timing.",
        "Hold one lock at both accesses, or let one of them wait for the other.",
    ),
    Kind.LOST_UPDATE: Rule(
        "LostUpdate",
        "An update overwrote another that it had not seen.",
        "Two transactions read a variable, and each wrote a value that rests on what it had read; the later"
        " write took back the earlier one. The values that were recorded tell so.",
        "Hold one exclusive lock from the read to the write, or write only if the version is still the one"
        " that was read.",
    ),
    Kind.PREDICTED_LOST_UPDATE: Rule(
        "PredictedLostUpdate",
        "An update can overwrite another that it has not seen.",
        "A lock is released between a read and the write that rests on it. Another write can come between"
        " the two, though none was seen to.",
        "Hold the lock across both, or read again under it before writing.",
    ),
    Kind.DEADLOCK: Rule(
        "Deadlock",
        "Tasks wait in a circle for locks that the next one holds.",
        "Several tasks each hold a lock and want one that another of them holds. Once they all wait, none"
        " goes on. It was seen to happen, or can happen if the same steps meet in another order.",
        "Take the locks in one order everywhere.",
    ),
    Kind.ISOLATION: Rule(
        "IsolationAnomaly",
        "Transactions saw what no serial order explains.",
        "The values that transactions read and wrote contradict an isolation level: there is no order of"
        " the transactions that explains them.",
        "Raise the isolation level of the transactions named, or lock what they read.",
    ),
    Kind.LATENCY: Rule(
        "LatencyAnomaly",
        "An operation took far longer than it does.",
        "A duration lies far outside of what the operation took before, or above the limit set for it.",
        "Look at the critical path of the trace for what it waited for.",
    ),
    Kind.ERRORS: Rule(
        "ErrorRateAnomaly",
        "An operation fails more often than it did.",
        "The rate of failures of an operation lies outside of what it was before.",
        "Look at the traces of its failures.",
    ),
    Kind.REGRESSION: Rule(
        "Regression",
        "An operation takes longer since some point in time.",
        "The duration of an operation rose to a new level and stayed there.",
        "Look for what changed when the new level began.",
    ),
}
