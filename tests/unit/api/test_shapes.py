"""Every route answers in its documented shape, before and after anything is stored."""

from __future__ import annotations

from typing import Any

import pytest
from tests.e2e.worked_example import FIRST, ROOT
from tests.unit.api.serving import Serving
from tests.unit.api.stories import TRACE, events_of, result_of

pytestmark = pytest.mark.anyio

Shape = Any
"""A type, a set of types, a list of one shape, or a mapping of keys to shapes. The keys are all."""

TEXT_OR_NULL = (str, type(None))
ACCESS = {
    "event_id": str,
    "timestamp": str,
    "thread_id": str,
    "task": str,
    "service_name": str,
    "access_type": str,
    "old_value": object,
    "new_value": object,
    "location": str,
    "has_causal_link_to_previous": bool,
    "is_race": bool,
    "edge": str,
    "follows": bool,
}
MOMENT = {
    "event_id": str,
    "phase": str,
    "kind": str,
    "what": str,
    "service": str,
    "thread_id": str,
    "task_id": TEXT_OR_NULL,
    "location": str,
    "timestamp": str,
    "time_ns": str,
}
RACE = {
    "severity": str,
    "variable": str,
    "event1_thread": str,
    "event2_thread": str,
    "event1_location": str,
    "event2_location": str,
    "description": str,
    "event1_id": str,
    "event2_id": str,
    "verdict": str,
    "fingerprint": str,
    "ancestor": MOMENT,
}
GLOBAL_RACE = RACE | {
    "trace1_id": str,
    "trace2_id": str,
    "event1_timestamp": str,
    "event2_timestamp": str,
    "kind": str,
    "summary": str,
    "fix": str,
    "pairs": int,
    "trace_count": int,
}
GROUP = {"fingerprint": str, "variable": str, "severity": str, "verdict": str, "pairs": int}
STEP = {"id": str, "kind": str, "location": str, "timestamp": str, "duration_ms": float, "label": str}
PATH = {
    "trace_id": str,
    "path_events": int,
    "total_duration_ms": float,
    "trace_total_duration_ms": float,
    "percentage_of_total": float,
    "path": [STEP],
}
EVENT = {
    "id": str,
    "trace_id": str,
    "parent_id": TEXT_OR_NULL,
    "timestamp": str,
    "kind": dict,
    "metadata": {
        "thread_id": str,
        "process_id": int,
        "service_name": str,
        "environment": str,
        "tags": dict,
        "duration_ns": (int, type(None)),
        "instance_id": TEXT_OR_NULL,
        "distributed_span_id": TEXT_OR_NULL,
        "upstream_span_id": TEXT_OR_NULL,
    },
    "causality_vector": list,
    "lock_set": [str],
}
WARMUP = {
    "phase": str,
    "ready": bool,
    "total_traces": int,
    "processed_traces": int,
    "last_trace": TEXT_OR_NULL,
    "started_at": str,
    "completed_at": TEXT_OR_NULL,
    "last_error": TEXT_OR_NULL,
}
TRACE_SHAPE = {
    "trace_id": str,
    "event_count": int,
    "events": [EVENT],
    "audit_trails": {"balance": [ACCESS]},
    "analysis": {
        "trace_id": str,
        "concurrent_events": int,
        "potential_races": int,
        "anomalies": [str],
        "race_details": [RACE],
        "race_groups": [GROUP],
    },
    "critical_path": PATH,
    "anomalies": [dict],
    "dependencies": {
        "trace_id": str,
        "services": [{"name": str, "event_count": int}],
        "dependencies": [{"from": str, "to": str, "call_count": int}],
    },
    "as_of": int,
    "version": int,
}
TRACES = {
    "total_traces": int,
    "page": int,
    "page_size": int,
    "total_pages": int,
    "traces": [
        {
            "trace_id": str,
            "event_count": int,
            "first_timestamp": str,
            "last_timestamp": str,
            "service_count": int,
            "services": [str],
            "race_pairs": int,
        }
    ],
}
SERVICES = {"total_services": int, "services": [{"name": str, "event_count": int, "trace_count": int}]}
GLOBAL = {
    "total_traces": int,
    "total_events": int,
    "concurrent_events": int,
    "potential_races": int,
    "anomalies": [str],
    "race_details": [GLOBAL_RACE],
}
STATUS = {
    "version": str,
    "uptime_seconds": int,
    "events_captured": int,
    "traces_active": int,
    "warmup": WARMUP,
    "backlog": int,
    "due": int,
    "dropped": dict,
}
TRAIL = {"trace_id": str, "variable": str, "accesses": [ACCESS]}
HEALTH = {
    "name": str,
    "status": str,
    "trace_count": int,
    "last_activity": str,
    "avg_events_per_trace": float,
    "minutes_since_last_activity": int,
}
NEIGHBOUR = {"to": str, "total_calls": int, "trace_count": int}
NEIGHBOURS = {"service_name": str, "calls_to": [NEIGHBOUR], "called_by": [NEIGHBOUR]}
EDGE = {"from_service": str, "to_service": str, "link_type": str, "call_count": int}
DISTRIBUTED = {
    "trace_id": str,
    "service_breakdown": {
        "services": [{"name": str, "event_count": int, "total_duration_ms": float}],
        "cross_service_calls": int,
        "total_services": int,
    },
    "critical_path": {
        "total_duration_ms": float,
        "trace_total_duration_ms": float,
        "percentage_of_total": float,
        "path_events": int,
    },
    "race_conditions": {"total_races": int, "critical_races": int, "warning_races": int},
    "is_distributed": bool,
}
LISTS = {
    "/health": WARMUP,
    "/status": STATUS,
    "/traces": TRACES,
    "/api/traces": TRACES,
    "/races": {"total_races": int, "races": [GLOBAL_RACE]},
    "/services": SERVICES,
    "/api/services": SERVICES,
    "/api/services/health": [HEALTH],
    "/api/services/ledger/traces": TRACES | {"service_name": str},
    "/api/services/ledger/dependencies": NEIGHBOURS,
    "/api/distributed/edges": {"total_edges": int, "edges": [EDGE]},
    "/api/analyze/global": GLOBAL,
}
DETAILS = {
    f"/traces/{TRACE}": TRACE_SHAPE,
    f"/api/traces/{TRACE}": TRACE_SHAPE,
    f"/traces/{TRACE}/events": {"trace_id": str, "event_count": int, "events": [EVENT]},
    f"/traces/{TRACE}/critical-path": PATH,
    f"/api/traces/{TRACE}/critical-path": PATH,
    f"/traces/{TRACE}/dependencies": TRACE_SHAPE["dependencies"],
    f"/api/traces/{TRACE}/dependencies": TRACE_SHAPE["dependencies"],
    f"/traces/{TRACE}/analysis/distributed": DISTRIBUTED,
    f"/traces/{TRACE}/audit-trail/balance": TRAIL,
    f"/api/traces/{TRACE}/audit-trail/balance": TRAIL,
}


def assert_shape(value: Any, shape: Shape, where: str = "data") -> None:
    """Check that a value has exactly the keys and types that `shape` says."""
    if isinstance(shape, dict):
        assert value.keys() == shape.keys(), where
        for key, inner in shape.items():
            assert_shape(value[key], inner, f"{where}.{key}")
    elif isinstance(shape, list):
        assert isinstance(value, list), where
        for number, item in enumerate(value):
            assert_shape(item, shape[0], f"{where}[{number}]")
    else:
        assert isinstance(value, shape), f"{where} is {value!r}"
        assert not (shape is int and isinstance(value, bool)), where


@pytest.mark.parametrize(("path", "shape"), LISTS.items())
async def test_lists_have_their_shape_with_nothing_stored(
    empty_api: Serving, path: str, shape: Shape
) -> None:
    assert_shape(await empty_api.data(path), shape)


@pytest.mark.parametrize(("path", "shape"), [*LISTS.items(), *DETAILS.items()])
async def test_routes_have_their_shape_with_an_analyzed_trace(
    filled_api: Serving, path: str, shape: Shape
) -> None:
    assert_shape(await filled_api.data(path), shape)


async def test_a_trace_shows_what_is_stored_of_it(filled_api: Serving) -> None:
    trace = await filled_api.data(f"/api/traces/{TRACE}")
    [race] = trace["analysis"]["race_details"]
    assert (race["severity"], race["variable"], race["verdict"]) == ("CRITICAL", "balance", "possible")
    assert {race["event1_thread"], race["event2_thread"]} == {"worker-1", "worker-2"}
    assert trace["analysis"]["race_groups"][0]["pairs"] == 1
    assert trace["dependencies"]["dependencies"] == [{"from": "transfers", "to": "ledger", "call_count": 3}]
    assert trace["critical_path"]["path"][0]["kind"] == "FunctionCall(process_transfers)"
    assert trace["critical_path"]["total_duration_ms"] == 3.0
    assert trace["critical_path"]["percentage_of_total"] == 100.0
    assert (trace["as_of"], trace["version"]) == (1, 1)


async def test_events_are_as_they_were_sent(filled_api: Serving) -> None:
    events = (await filled_api.data(f"/traces/{TRACE}/events"))["events"]
    root, first = events[0], events[1]
    assert (root["id"], root["parent_id"], root["timestamp"]) == (
        ROOT,
        None,
        "2026-11-24T06:00:00.000000000Z",
    )
    assert root["kind"] == {
        "FunctionCall": {
            "function_name": "process_transfers",
            "module": "app",
            "args": {},
            "file": "app.py",
            "line": 1,
        }
    }
    assert (first["id"], first["parent_id"]) == (FIRST, ROOT)
    assert first["kind"]["StateChange"] == {
        "variable": "balance",
        "access_type": "Write",
        "old_value": 10,
        "new_value": 15,
        "location": "app.py:12",
    }


async def test_lists_show_what_is_stored(filled_api: Serving) -> None:
    [line] = (await filled_api.data("/api/traces"))["traces"]
    assert (line["trace_id"], line["event_count"], line["services"]) == (TRACE, 4, ["ledger", "transfers"])
    whole = await filled_api.data("/api/analyze/global")
    assert (whole["total_traces"], whole["total_events"], whole["potential_races"]) == (1, 4, 1)
    assert whole["race_details"][0]["trace1_id"] == TRACE
    assert (await filled_api.data("/api/services"))["services"] == [
        {"name": "ledger", "event_count": 1, "trace_count": 1},
        {"name": "transfers", "event_count": 3, "trace_count": 1},
    ]


async def test_status_says_what_is_left_to_do(api: Serving) -> None:
    await api.deps.bus.publish(b"one", dedup_key="1")  # type: ignore[attr-defined]  # the test's bus is whole
    await api.keep(events_of(), dropped={"queue_full": 7})
    status = await api.data("/status")
    assert (status["backlog"], status["due"], status["dropped"]) == (1, 1, {"queue_full": 7})
    assert (status["version"], status["uptime_seconds"]) == ("1.2.3", 61)
    await api.publish_result(result_of())
    assert (await api.data("/status"))["due"] == 0
