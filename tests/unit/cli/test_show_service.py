"""One service as a person reads it."""

from __future__ import annotations

import pytest

from raceway_api.v1.service import CallItem, ServiceDetail, ServiceItem
from raceway_cli.show.service import print_service


def _call(caller: str, callee: str, *, p50_ms: float | None = None) -> CallItem:
    return CallItem(
        caller=caller,
        callee=callee,
        call_count=3,
        trace_count=2,
        calls={"http": 3},
        error_rate=None,
        measured=0,
        p50_ms=p50_ms,
        p95_ms=p50_ms,
        p99_ms=p50_ms,
    )


def test_a_service_stands_above_whom_it_calls_and_who_calls_it(capsys: pytest.CaptureFixture[str]) -> None:
    item = ServiceItem(
        name="graph", event_count=9, trace_count=2, last_activity="2026-11-24T06:00:00.132Z", last_ns="0"
    )
    print_service(
        ServiceDetail(
            service=item, calls_to=[_call("graph", "db", p50_ms=2.5)], called_by=[_call("web", "graph")]
        )
    )
    assert [line.split() for line in capsys.readouterr().out.splitlines() if line] == [
        ["service", "traces", "events", "last", "activity"],
        ["graph", "2", "9", "2026-11-24", "06:00:00.132"],
        ["caller", "calls", "times", "traces", "errors", "p50", "p95", "p99", "by"],
        ["graph", "db", "3", "2", *["2.5", "ms"] * 3, "http", "×", "3"],
        ["caller", "calls", "times", "traces", "errors", "p50", "p95", "p99", "by"],
        ["web", "graph", "3", "2", "http", "×", "3"],
    ]
