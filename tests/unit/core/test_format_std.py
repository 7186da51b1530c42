"""The `std` format: each operation, program order, grants, and errors that name the line."""

from __future__ import annotations

import re

import pytest

from raceway_core.errors import Rejected
from raceway_core.event import AsyncAwait, AsyncSpawn, LockAcquire, LockPayload, LockRequest, StateChange
from raceway_core.formats import std


def test_each_line_is_an_event_named_by_its_number() -> None:
    events = std.read(b"T1|w(x)|10\n\nT2|r(x)|20\n")
    assert [event.id for event in events] == ["1", "3"]
    assert [type(event.payload) for event in events] == [StateChange, StateChange]


def test_a_thread_is_one_line_of_parents() -> None:
    events = std.read(b"T1|w(x)|1\nT2|w(x)|2\nT1|r(x)|3\n")
    assert [event.parent_id for event in events] == [None, None, "1"]


def test_fork_and_join_name_the_thread_as_a_task() -> None:
    fork, child, join = std.read(b"T1|fork(T2)|1\nT2|w(x)|2\nT1|join(T2)|3\n")
    assert isinstance(fork.payload, AsyncSpawn)
    assert isinstance(join.payload, AsyncAwait)
    assert fork.payload.task_id == child.metadata.task_id == join.payload.future_id


def test_a_nested_acquire_is_no_new_grant() -> None:
    lines = b"T1|acq(l)|1\nT1|acq(l)|2\nT1|rel(l)|3\nT1|rel(l)|4\nT2|acq(l)|5\nT2|rel(l)|6\n"
    payloads = [event.payload for event in std.read(lines)]
    assert [type(payload) is LockAcquire for payload in payloads] == [True, True, False, False, True, False]
    assert [payload.grant for payload in payloads if isinstance(payload, LockPayload)] == [1, 1, 1, 1, 2, 2]


def test_an_acquire_that_was_never_granted_is_a_request() -> None:
    *_, last = std.read(b"T1|acq(l)|1\nT2|acq(l)|2\n")
    assert last.payload == LockRequest(lock_id="l", location="2", reentrant=True)


@pytest.mark.parametrize(
    "lines",
    [
        b"T1|acq(l)|1\nT2|acq(l)|2\nT1|rel(l)|3\n",
        b"T1|acq(l)|1\nT2|acq(l)|2\nT2|w(x)|3\n",
        b"T1|acq(l)|1\nT1|acq(l)|2\n",
        b"T1|acq(l)|1\nT1|acq(l)|2\nT1|rel(l)|3\nT1|rel(l)|4\nT2|acq(l)|5\n",
    ],
)
def test_other_acquires_were_granted(lines: bytes) -> None:
    assert not any(isinstance(event.payload, LockRequest) for event in std.read(lines))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"T1|w(x)|1\nnonsense\n", "line 2: expected thread|op(target)|location"),
        (b"T1|write(x)|1\n", "line 1: unknown operation 'write'"),
        (b"T1|w(x)|1\n\xff\n", "line 2: expected UTF-8 text, found byte 0xff"),
    ],
)
def test_a_line_that_cannot_be_read_is_named(data: bytes, message: str) -> None:
    with pytest.raises(Rejected, match=re.escape(message)):
        std.read(data)
