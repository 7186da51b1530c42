"""The `raceway` format: lines, batches and arrays, ids as spelled, errors that name the line."""

from __future__ import annotations

import json
import re

import pytest

from raceway_core.errors import Rejected
from raceway_core.formats import raceway


def _event(event_id: str, *, parent: str | None = None, trace: str = "t") -> dict[str, object]:
    return {
        "id": event_id,
        "trace_id": trace,
        "parent_id": parent,
        "timestamp": "2026-01-01T00:00:00Z",
        "kind": {"Custom": {"name": "step", "data": None}},
        "metadata": {
            "thread_id": "main",
            "process_id": 1,
            "service_name": "s",
            "environment": "e",
            "tags": None,
        },
    }


ONE, TWO = _event("first"), _event("second", parent="first")
UUID = "0B1F9F2E-6D0B-4D0E-9B7A-5261636577A1"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ONE) + "\n" + json.dumps(TWO) + "\n",
        json.dumps({"events": [ONE, TWO]}),
        json.dumps(ONE) + "\n\n" + json.dumps({"events": [TWO]}),
        json.dumps([ONE, TWO], indent=2),
    ],
    ids=["lines", "batch", "both", "array"],
)
def test_a_file_is_lines_of_events_and_batches_or_one_array(text: str) -> None:
    events = raceway.read(text.encode())
    assert [(event.id, event.parent_id, event.trace_id) for event in events] == [
        ("first", None, "t"),
        ("second", "first", "t"),
    ]


def test_one_id_in_two_spellings_is_one_id_and_keeps_the_first() -> None:
    lines = [_event(UUID), _event("child", parent=UUID.lower())]
    parent, child = raceway.read(json.dumps(lines).encode())
    assert (parent.id, child.parent_id) == (UUID, UUID)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}\n", "line 1: metadata must be an object"),
        (json.dumps(ONE) + "\nnonsense\n", "line 2: expected an event, a batch"),
        ("7\n", "line 1: expected an event, a batch"),
        (
            json.dumps([ONE, {**TWO, "timestamp": "noon"}]),
            "line 1, event 1: timestamp: expected an RFC 3339 time",
        ),
        (json.dumps({**ONE, "kind": {"Dance": {}}}), "line 1: kind 'Dance' is unknown"),
        ("[" * 100_000, "line 1: expected an event, a batch"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(Rejected, match=re.escape(message)):
        raceway.read(text.encode())
