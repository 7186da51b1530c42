"""Batches as the bank's SDK would send them: traces of 20 events, 690 bytes an event, 100 a batch.

A trace is one request: two balances read and written under a lock, with calls around them. Only its
id, its times and its accounts differ from the next one's, so a batch is cut from a template.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

EVENT_BYTES = 690
TRACE_EVENTS = 20
BATCH_EVENTS = 100
ACCOUNTS = 10_000

_TRACE = "00000000-0000-4000-8000-%012x"
_TRACE_MARK = "trace-id-of-36-characters-goes-here-"
_MS_MARK = 1111111111111
_ACCOUNT_MARKS = ("account-one", "account-two")
_SERVICE, _INSTANCE = "bank", "bank-1"


def bodies(batches: int, *, first: int = 0) -> Iterator[bytes]:
    """Yield the bodies of `batches` batches, the traces numbered from `first` batches on."""
    template = _trace_template()
    per_batch = BATCH_EVENTS // TRACE_EVENTS
    now_ms = time.time_ns() // 1_000_000
    for batch in range(first, first + batches):
        traces = [_trace(template, batch * per_batch + k, now_ms + batch) for k in range(per_batch)]
        yield b'{"batch_id":"bench-%d","events":[%s]}' % (batch, b",".join(traces))


def _trace(template: bytes, number: int, ms: int) -> bytes:
    accounts = (number * 7919 % ACCOUNTS, number * 104729 % ACCOUNTS)
    text = template.replace(_TRACE_MARK.encode(), (_TRACE % number).encode())
    text = text.replace(b"%d" % _MS_MARK, b"%d" % ms)
    for mark, account in zip(_ACCOUNT_MARKS, accounts, strict=True):
        text = text.replace(mark.encode(), b"account-%03x" % account)
    return text


def _trace_template() -> bytes:
    events = [_event(number, kind) for number, kind in enumerate(_kinds())]
    return ",".join(events).encode()


def _kinds() -> list[dict[str, object]]:
    lock = {"lock_id": "accounts", "lock_type": "Lock", "location": "bank.py:30 transfer", "scope": "process"}
    calls = [_call(name) for name in ("transfer", "check_limit", "audit", "render")]
    first, second = _ACCOUNT_MARKS
    return [
        {"HttpRequest": {"method": "POST", "url": "/transfer", "headers": {}}},
        *calls[:2],
        {"LockRequest": lock},
        {"LockAcquire": lock},
        _access(first, "Read", 31),
        _access(second, "Read", 32),
        calls[2],
        _access(first, "Write", 34),
        _access(second, "Write", 35),
        {"LockRelease": lock},
        *(_call(f"step_{number}") for number in range(7)),
        calls[3],
        {"HttpResponse": {"status": 200, "headers": {}, "duration_ms": 12}},
    ]


def _call(name: str) -> dict[str, object]:
    return {
        "FunctionCall": {"function_name": name, "module": "bank", "args": {}, "file": "bank.py", "line": 1}
    }


def _access(account: str, access_type: str, line: int) -> dict[str, object]:
    change = {"variable": f"accounts['{account}']", "access_type": access_type, "new_value": 100}
    return {"StateChange": {**change, "location": f"bank.py:{line} transfer", "scope": "process"}}


def _event(number: int, kind: dict[str, object]) -> str:
    metadata: dict[str, object] = {
        "thread_id": "Thread-1",
        "process_id": 4242,
        "service_name": _SERVICE,
        "environment": "bench",
        "instance_id": _INSTANCE,
        "task_id": "task-1",
    }
    event = {
        "id": f"00000000-0000-4000-9000-{number:012x}",
        "trace_id": _TRACE_MARK,
        "parent_id": f"00000000-0000-4000-9000-{number - 1:012x}" if number else None,
        "timestamp": f"{_MS_MARK}{number * 10_000:06d}",
        "kind": kind,
        "metadata": {**metadata, "tags": {"pad": ""}},
        "causality_vector": [[f"{_SERVICE}#{_INSTANCE}#task-1", number + 1]],
        "lock_set": [],
    }
    pad = EVENT_BYTES - len(json.dumps(event, separators=(",", ":")))
    padded = {**event, "metadata": {**metadata, "tags": {"pad": "x" * pad}}}
    return json.dumps(padded, separators=(",", ":"))
