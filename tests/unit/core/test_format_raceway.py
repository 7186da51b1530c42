"""The `raceway` format: lines, batches and arrays, ids as spelled, errors that name the line."""

from __future__ import annotations

import json
import re
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
SPELLED = "0B1F9F2E-6D0B-4D0E-9B7A-5261636577A1"


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
    lines = [_event(SPELLED), _event("child", parent=SPELLED.lower())]
    parent, child = raceway.read(json.dumps(lines).encode())
    assert (parent.id, child.parent_id) == (SPELLED, SPELLED)


def test_an_array_may_begin_with_space() -> None:
    assert len(raceway.read(b"\n  " + json.dumps([ONE, TWO], indent=1).encode())) == 2


def _usual(number: int) -> dict[str, object]:
    return _event(str(UUID(int=number)), parent=str(UUID(int=number // 2)), trace=str(UUID(int=1)))


@given(st.lists(st.integers(2, 40).map(_usual) | st.just(ONE), max_size=150), st.sampled_from([1, 3, 70]))
def test_usual_events_are_read_as_others_are(values: list[dict[str, object]], size: int) -> None:
    groups = [values[at : at + size] for at in range(0, len(values), size)]
    lines = [json.dumps({"events": group} if size > 1 else group[0]) for group in groups]
    unusual = json.dumps(values).replace('"process_id": 1', '"process_id": 1.0')
    assert raceway.read("\n".join(lines).encode()) == raceway.read(unusual.encode())


def test_an_id_keeps_its_first_spelling_among_usual_ones() -> None:
    usual = "\n".join(json.dumps(_usual(number)) for number in range(2, 100))
    odd = {**_usual(101), "parent_id": str(UUID(int=2)).upper().replace("-", "")}
    *_, last = raceway.read(f"{usual}\n{json.dumps(odd)}".encode())
    assert last.parent_id == str(UUID(int=2))


def test_a_time_that_is_none_is_told_by_its_line() -> None:
    lines = [json.dumps(_usual(number)) for number in range(2, 9)]
    lines[4] = lines[4].replace("2026-01-01", "yesterday")
    with pytest.raises(Rejected, match="line 5: timestamp: expected an RFC 3339 time"):
        raceway.read("\n".join(lines).encode())


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
