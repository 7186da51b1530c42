"""The worked example of the original Raceway: four events, two unordered writes of one balance."""

from __future__ import annotations

from typing import Any
from uuid import UUID

ROOT, FIRST, SECOND, LAST = (f"00000000-0000-4000-8000-00000000000{n}" for n in range(1, 5))
_START_NS = 1_795_500_000_000_000_000
_MS = 1_000_000


def trace_id(number: int) -> str:
    """Return the id of the `number`-th trace."""
    return str(UUID(int=0xA000_0000_0000_4000_8000_0000_0000_0000 + number))


def four_events(trace: str, *, locked: bool = False) -> list[dict[str, Any]]:
    """Return a root, two writes of `balance` under it on two threads 1 ms apart, and a last call."""
    locks = ["balance_lock"] if locked else []
    return [
        _event(trace, ROOT, None, 0, "thread-main", _call("process_transfers")),
        _event(trace, FIRST, ROOT, 1, "worker-1", _write(10, 15), locks),
        _event(trace, SECOND, ROOT, 2, "worker-2", _write(15, 20), locks),
        _event(trace, LAST, ROOT, 3, "thread-main", _call("report")),
    ]


def _event(
    trace: str,
    event_id: str,
    parent: str | None,
    ms: int,
    thread: str,
    kind: dict[str, Any],
    locks: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "id": event_id,
        "trace_id": trace,
        "parent_id": parent,
        "timestamp": str(_START_NS + ms * _MS),
        "kind": kind,
        "metadata": {
            "thread_id": thread,
            "process_id": 4711,
            "service_name": "transfers",
            "environment": "test",
            "tags": {},
            "duration_ns": None,
        },
        "causality_vector": [],
        "lock_set": locks or [],
    }


def _call(name: str) -> dict[str, Any]:
    return {"FunctionCall": {"function_name": name, "module": "app", "args": {}, "file": "app.py", "line": 1}}


def _write(old: int, new: int) -> dict[str, Any]:
    change = {"variable": "balance", "old_value": old, "new_value": new, "location": "app.py:12"}
    return {"StateChange": {**change, "access_type": "Write"}}
