"""Payloads as the original's clients expect them: every documented key, whatever was sent."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import fields

from raceway_api.original.event import view_metadata, view_payload
from raceway_core import event
from raceway_core.event import AccessType, Kind, LockMode, Payload, Scope

CASES: dict[str, tuple[Payload, dict[str, Any]]] = {
    "FunctionCall": (
        event.FunctionCall(function_name="f", line=3.0),
        {"function_name": "f", "module": "", "args": None, "file": "", "line": 3},
    ),
    "FunctionReturn": (
        event.FunctionReturn(function_name="f"),
        {"function_name": "f", "return_value": None, "file": "", "line": 0},
    ),
    "AsyncSpawn": (event.AsyncSpawn(task_id="t", spawned_by="main"), {"task_id": "t", "spawned_by": "main"}),
    "AsyncAwait": (event.AsyncAwait(future_id="t"), {"future_id": "t", "awaited_at": None}),
    "StateChange": (
        event.StateChange(variable="x", access_type=AccessType.READ),
        {
            "variable": "x",
            "access_type": AccessType.READ,
            "old_value": None,
            "new_value": None,
            "location": "",
        },
    ),
    "LockRequest": (
        event.LockRequest(lock_id="l", scope=Scope.GLOBAL),
        {"lock_id": "l", "lock_type": "", "location": "", "scope": Scope.GLOBAL},
    ),
    "LockAcquire": (
        event.LockAcquire(lock_id="l", mode=LockMode.SHARED, grant=2.0),
        {"lock_id": "l", "lock_type": "", "location": "", "mode": LockMode.SHARED, "grant": 2},
    ),
    "LockRelease": (
        event.LockRelease(lock_id="l", lock_type="Mutex", reentrant=False),
        {"lock_id": "l", "lock_type": "Mutex", "location": "", "reentrant": False},
    ),
    "MemoryFence": (event.MemoryFence(ordering="SeqCst"), {"ordering": "SeqCst", "location": ""}),
    "HttpRequest": (
        event.HttpRequest(method="GET", url="/x"),
        {"method": "GET", "url": "/x", "headers": {}, "body": None},
    ),
    "HttpResponse": (
        event.HttpResponse(status=200.0, duration_ms=1.5, headers={"a": "b"}),
        {"status": 200, "headers": {"a": "b"}, "body": None, "duration_ms": 1.5},
    ),
    "DatabaseQuery": (
        event.DatabaseQuery(query="select 1"),
        {"query": "select 1", "database": "", "duration_ms": None},
    ),
    "DatabaseResult": (event.DatabaseResult(), {"rows_affected": None}),
    "Error": (
        event.Error(error_type="KeyError"),
        {"error_type": "KeyError", "message": "", "stack_trace": None},
    ),
    "Custom": (event.Custom(name="n", data=2.0), {"name": "n", "data": 2.0}),
    "MessageSend": (event.MessageSend(message_id="m"), {"message_id": "m", "queue": ""}),
    "MessageReceive": (event.MessageReceive(message_id="m"), {"message_id": "m", "queue": ""}),
    "Span": (
        event.Span(name="GET /x", span_kind=event.SpanKind.SERVER, links=(event.EventId("s"),)),
        {
            "name": "GET /x",
            "span_kind": event.SpanKind.SERVER,
            "follows_from": False,
            "links": ("s",),
            "is_error": False,
        },
    ),
    "TransactionBegin": (event.TransactionBegin(transaction_id="t"), {"transaction_id": "t", "resource": ""}),
    "TransactionCommit": (
        event.TransactionCommit(transaction_id="t"),
        {"transaction_id": "t", "resource": ""},
    ),
    "TransactionAbort": (event.TransactionAbort(transaction_id="t"), {"transaction_id": "t", "resource": ""}),
}


def test_every_kind_has_a_case() -> None:
    assert {field.name for field in fields(Kind)} == CASES.keys()


@pytest.mark.parametrize(("payload", "shown"), CASES.values(), ids=CASES)
def test_a_payload_is_shown_with_its_documented_keys(payload: Payload, shown: dict[str, Any]) -> None:
    view = view_payload(payload)
    assert view == shown
    assert [type(value) for value in view.values()] == [type(shown[key]) for key in view]


def test_values_of_the_application_are_left_alone() -> None:
    change = event.StateChange(variable="x", access_type=AccessType.WRITE, old_value=1.0, new_value=False)
    view = view_payload(change)
    assert repr((view["old_value"], view["new_value"])) == "(1.0, False)"


def test_what_a_client_says_of_lost_events_is_no_tag_of_the_event() -> None:
    tags = {event.LOST_TAG: '{"t":[1,3]}', "mine": "x"}
    assert view_metadata(event.Metadata(tags=tags)).tags == {"mine": "x"}
    assert view_metadata(event.Metadata()).tags == {}
