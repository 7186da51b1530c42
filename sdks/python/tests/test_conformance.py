"""The vectors that all SDKs share."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import raceway
from raceway.clock import learn
from raceway.losses import TraceLoss
from raceway.propagation import (
    MOST_HEADER_BYTES,
    ClockHeader,
    TraceParent,
    format_clock,
    format_traceparent,
    parse_clock,
    parse_traceparent,
)

VECTORS = Path(__file__).parents[2] / "conformance" / "vectors"
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(VECTORS.glob("*.json"))}
CASES = [
    pytest.param(case, id=f"{stem}: {case['name']}") for stem, file in FILES.items() for case in file["cases"]
]
DEPENDS_ON_THE_RUN = ("location", "duration_ms", "stack_trace")


def _parse_traceparent(text: str) -> dict[str, Any] | None:
    parent = parse_traceparent(text)
    return parent and {"trace_id": parent.trace_id, "span_id": parent.span_id, "sampled": parent.is_sampled}


def _format_traceparent(fields: dict[str, Any]) -> str:
    return format_traceparent(TraceParent(fields["trace_id"], fields["span_id"], fields["sampled"]))


def _parse_clock(text: str) -> dict[str, Any] | None:
    header = parse_clock(text)
    if header is None:
        return None
    fields = header._asdict()
    fields["cut"] = fields.pop("is_cut")
    return {**fields, "clock": [list(entry) for entry in header.clock.items()]}


def _format_clock(fields: dict[str, Any]) -> str:
    others = {name: value for name, value in fields.items() if name not in {"clock", "cut"}}
    return format_clock(ClockHeader(**others, clock=dict(map(tuple, fields["clock"])), is_cut=fields["cut"]))


def _tell_lost(events: list[list[Any]]) -> Any:
    loss = TraceLoss()
    for task_id, place in events:
        loss.add(task_id, 1, place)
    return json.loads(loss.text())


OPERATIONS: dict[str, Callable[[Any], Any]] = {
    "parse_traceparent": _parse_traceparent,
    "format_traceparent": _format_traceparent,
    "parse_clock": _parse_clock,
    "roundtrip_clock": lambda fields: _parse_clock(_format_clock(fields)),
    "clock_fits": lambda fields: len(_format_clock(fields)) <= MOST_HEADER_BYTES,
    "tell_lost": _tell_lost,
    "learn": lambda given: dict(learn(given["known"], given["news"], given["own"])),
}


@pytest.mark.parametrize("case", CASES)
def test_vector(case: dict[str, Any], request: pytest.FixtureRequest) -> None:
    if case["operation"] == "record":
        output: Any = _record(case["input"], request.getfixturevalue("recorded"))
    else:
        output = OPERATIONS[case["operation"]](case["input"])
    assert output == case["output"]


def _record(calls: list[list[Any]], recorded: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
    for name, *arguments in calls:
        _call(name, arguments)
    events = recorded()
    previous = None
    for event in events:
        assert UUID(event["id"])
        assert UUID(event["trace_id"])
        assert event["parent_id"] == previous
        assert isinstance(event["timestamp"], int)
        assert set(FILES["events"]["metadata"]) <= set(event["metadata"])
        assert event["causality_vector"][-1][0].count("#") == 2
        previous = event["id"]
    return [{kind: _stable(fields) for kind, fields in event["kind"].items()} for event in events]


def _call(name: str, arguments: list[Any]) -> None:
    match name:
        case "read" | "write":
            options = arguments.pop() if isinstance(arguments[-1], dict) else {}
            getattr(raceway, name)(*arguments, **options)
        case "lock" | "span":
            with getattr(raceway, name)(*arguments):
                pass
        case "error":
            raceway.error({"LookupError": LookupError}[arguments[0]](arguments[1]))
        case "event":
            raceway.event(arguments[0], **arguments[1])
        case _:
            pytest.fail(f"unknown call {name}")


def _stable(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in DEPENDS_ON_THE_RUN}
