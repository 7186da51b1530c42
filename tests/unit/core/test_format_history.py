"""The `history` format: every field, identity by place, and errors that name line and transaction."""

from __future__ import annotations

import json
import re

import pytest

from raceway_core.errors import Rejected
from raceway_core.formats import history
from raceway_core.formats.detect import FileFormat, detect
from raceway_core.isolation.history import INITIAL, Operation, OpKind, Status

ONE = b"""{"sessions": [
  [{"id": "T1", "status": "committed", "start_ns": 1, "end_ns": "2", "ops": [
     {"op": "read", "key": "x", "value": null},
     {"op": "write", "key": "x", "value": 1}]}],
  [{"status": "aborted", "ops": [{"op": "append", "key": 7, "value": "a"},
                                 {"op": "read", "key": 7, "value": ["a"]},
                                 {"op": "read", "key": 7, "value": []},
                                 {"op": "read", "key": 7}]},
   {"id": 12, "status": "unknown", "ops": []}]
]}"""


def test_every_field_is_read() -> None:
    first, second = history.read(ONE).sessions
    assert [(one.id, one.status) for one in (*first, *second)] == [
        ("T1", Status.COMMITTED),
        ("2", Status.ABORTED),
        ("12", Status.UNKNOWN),
    ]
    assert first[0].operations == [Operation(OpKind.READ, "x", INITIAL), Operation(OpKind.WRITE, "x", 1)]
    assert second[0].operations == [
        Operation(OpKind.APPEND, "7", "a"),
        Operation(OpKind.READ, "7", ("a",)),
        Operation(OpKind.READ, "7", INITIAL),
    ]


def test_a_write_without_a_value_equals_nothing() -> None:
    steps = [{"op": "write", "key": "x"}, {"op": "write", "key": "x"}]
    [[one]] = history.read(
        json.dumps({"sessions": [[{"status": "committed", "ops": steps}]]}).encode()
    ).sessions
    assert len({operation.value for operation in one.operations}) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (ONE, FileFormat.HISTORY),
        (b'{"name": "bank", "seed": 1.5, "ok": true, "sessions": []}', FileFormat.HISTORY),
        (b'{"events": [{"sessions": []}]}', FileFormat.RACEWAY),
        (b'{"sessions_of": 1}', FileFormat.RACEWAY),
    ],
)
def test_it_is_told_by_its_first_key(data: bytes, expected: FileFormat) -> None:
    assert detect(data) is expected


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ONE.replace(b"aborted", b"failed"), "line 5, transaction 2: Invalid enum value 'failed'"),
        (ONE.replace(b'"op": "write", ', b""), "line 2, transaction 1: Object missing required field `op`"),
        (ONE.replace(b'"id": 12', b'"id": "T1"'), "line 9, transaction 3: its id 'T1' is another's"),
        (ONE.replace(b'"id": 12', b'"id": 2'), "line 9, transaction 3: its id '2' is another's"),
        (ONE.replace(b'"T1"', b'"T1'), "line 2: JSON is malformed"),
        (ONE[:-2], "line 9: Input data was truncated"),
        (b'{"sessions": 1}', "line 1: Expected `array`, got `int` - at `$.sessions`"),
        (b"\n[1]", "line 1: Expected `object`, got `array`"),
        (b'{"sessions": ' + b"[" * 100_000, "line 1: "),
        (b'{"sessions": [[{"id": "\xff"}]]}', "line 1: "),
    ],
)
def test_what_cannot_be_read_is_named(data: bytes, message: str) -> None:
    with pytest.raises(Rejected, match="^" + re.escape(message)) as caught:
        history.read(data)
    assert "expected" in str(caught.value)
