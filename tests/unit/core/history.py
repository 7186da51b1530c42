"""Random histories of one variable, as accesses: what several transactions did to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st

from raceway_core.access import Access, Variable
from raceway_core.event import AccessType, EventId, TraceId
from raceway_core.identity import Place, Process
from raceway_core.value import UNKNOWN, ValueKey

ONE = Process("bank", "i1", 1)
TWO = Process("bank", "i2", 2)
UNNAMED = Process("bank", "", 1)

KINDS = (AccessType.READ, AccessType.READ, AccessType.WRITE, AccessType.WRITE, AccessType.ATOMIC_RMW)


def access(kind: AccessType, trace: str = "t1", at: int = 0, value: str = "", **changes: object) -> Access:
    """Return an access of transaction 0 of `trace` that read or wrote `value`."""
    plain = Access(
        trace_id=TraceId(trace),
        event_id=EventId(f"{trace}-{at}"),
        number=at,
        variable=Variable("balance", "process:bank/i1/1"),
        access_type=kind,
        place=Place("bank.py", "41" if kind is AccessType.READ else "44", "transfer"),
        start_ns=at,
        end_ns=at,
        process=ONE,
        host="h",
        transaction=0,
        read=ValueKey(value) if kind.reads else UNKNOWN,
        written=ValueKey(value) if kind.writes else UNKNOWN,
    )
    return msgspec.structs.replace(plain, **changes)


class Step(NamedTuple):
    """One access of a played history: `transaction` reads, or writes `value`."""

    transaction: int
    kind: AccessType
    value: int


@st.composite
def interleavings(draw: st.DrawFn, most_values: int = 3) -> list[Step]:
    """Draw the steps of two to four transactions, shuffled together; program order is list order."""
    count = draw(st.integers(2, 4))
    steps = [
        Step(transaction, draw(st.sampled_from(KINDS)), draw(st.integers(1, most_values)))
        for transaction in range(count)
        for _ in range(draw(st.integers(1, 4)))
    ]
    return draw(st.permutations(steps))


def played(steps: Sequence[Step], *, with_versions: bool) -> list[Access]:
    """Return what is recorded when one cell, at first 0 and version 0, goes through `steps`."""
    value, version, accesses = 0, 0, []
    for at, step in enumerate(steps):
        before, version = value, version + step.kind.writes
        value = step.value if step.kind.writes else value
        accesses.append(
            access(
                step.kind,
                f"t{step.transaction}",
                at,
                read=ValueKey(str(before)) if step.kind.reads else UNKNOWN,
                written=ValueKey(str(value)) if step.kind.writes else UNKNOWN,
                version=version if with_versions else None,
            )
        )
    return accesses


def by_trace(accesses: Sequence[Access]) -> list[Access]:
    """Return the accesses trace by trace, each in its order."""
    return sorted(accesses, key=lambda one: one.trace_id)


@st.composite
def damaged_histories(draw: st.DrawFn) -> list[Access]:
    """Draw played histories of which something was lost, redacted, mistaken or never recorded."""
    accesses = played(
        draw(interleavings(draw(st.sampled_from([3, 1000])))), with_versions=draw(st.booleans())
    )
    processes = draw(st.sampled_from([(ONE,), (ONE, TWO), (TWO, ONE, UNNAMED)]))
    is_shared = draw(st.booleans())
    unit_ns = draw(st.sampled_from([1, 3_000_000]))
    damage = draw(st.lists(st.sampled_from(DAMAGE), max_size=2))
    recorded = []
    for one in accesses:
        process = processes[int(one.trace_id[1:]) % len(processes)]
        changes = {
            "process": process,
            "host": "h" if process.is_known else "",
            "variable": Variable("balance", "service:bank" if is_shared else "process:bank/i1/1"),
            "is_scope_declared": is_shared,
            "start_ns": one.start_ns * unit_ns,
            "end_ns": one.end_ns * unit_ns,
        }
        recorded.append(msgspec.structs.replace(one, **changes))
    for kind in damage:
        place = draw(st.integers(0, len(recorded) - 1))
        recorded[place] = msgspec.structs.replace(recorded[place], **kind(recorded[place]))
    return by_trace(recorded)


DAMAGE = (
    lambda one: {"read": UNKNOWN, "written": UNKNOWN},
    lambda one: {"read": ValueKey("1") if one.access_type.reads else UNKNOWN},
    lambda one: {"written": ValueKey("1") if one.access_type.writes else UNKNOWN},
    lambda one: {"version": None},
    lambda one: {"version": 1},
    lambda one: {"start_ns": max(one.start_ns - 1, 0), "end_ns": max(one.start_ns - 1, 0)},
    lambda one: {"transaction": 1},
    lambda one: {"is_scope_declared": False},
)
