"""Outgoing requests of `http.client`, and so of urllib, requests and urllib3.

A request is one step of the task: its HttpRequest event is what the callee comes after, its answer
what the task comes after. A client that sets its own `traceparent` keeps it, and gets no clock.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from raceway.clock import NOTHING
from raceway.context import Task, current, this_thread
from raceway.http_server import scrub_url
from raceway.patch import Function, Patches
from raceway.process import new_span_id
from raceway.propagation import (
    CLOCK,
    TRACEPARENT,
    TRACESTATE,
    ClockHeader,
    TraceParent,
    format_clock,
    format_traceparent,
    parse_clock,
)
from raceway.record import describe_failure, record, report
from raceway.value import Fields

CALL = "raceway_call"


class _Call(NamedTuple):
    """A request that was sent and not answered yet."""

    task: Task
    began_ns: int
    began: int


def patch_http_client(patches: Patches) -> None:
    """Instrument `http.client`."""
    patches.wrap(http.client.HTTPConnection, "putrequest", _putrequest)
    patches.wrap(http.client.HTTPConnection, "putheader", _putheader)
    patches.wrap(http.client.HTTPConnection, "endheaders", _endheaders)
    patches.wrap(http.client.HTTPConnection, "getresponse", _getresponse)


def outgoing_headers() -> dict[str, str]:
    """Return the headers that tell a callee what comes before its work; none where nothing is recorded."""
    task = current()
    return {} if task is None else _headers(task, new_span_id())


def _headers(task: Task, span_id: str) -> dict[str, str]:
    process, trace = task.process, task.trace
    headers = {TRACEPARENT: format_traceparent(TraceParent(trace.id, span_id, trace.is_sampled))}
    if trace.state:
        headers[TRACESTATE] = trace.state
    if trace.is_sampled:
        service, instance = process.settings.service, process.instance
        header = ClockHeader(trace.id, span_id, trace.span_id, service, instance, task.clock(), trace.is_cut)
        headers[CLOCK] = format_clock(header)
    return headers


def _putrequest(original: Function) -> Function:
    def putrequest(
        connection: http.client.HTTPConnection, method: str, url: str, *args: object, **options: object
    ) -> object:
        setattr(connection, CALL, (method, url, not this_thread.sends_unrecorded))
        return original(connection, method, url, *args, **options)

    return putrequest


def _putheader(original: Function) -> Function:
    def putheader(connection: http.client.HTTPConnection, header: str | bytes, *values: object) -> object:
        name = header.decode("latin-1") if isinstance(header, bytes) else header
        if name.lower() in {TRACEPARENT, CLOCK}:
            setattr(connection, CALL, None)
        return original(connection, header, *values)

    return putheader


def _endheaders(original: Function) -> Function:
    def endheaders(connection: http.client.HTTPConnection, *args: object, **options: object) -> object:
        prepared = getattr(connection, CALL, None)
        setattr(connection, CALL, None)
        if isinstance(prepared, tuple) and not isinstance(prepared, _Call):
            method, url, is_recorded = prepared
            if is_recorded:
                _send_headers(connection, method, url)
        return _or_record_failure(connection, partial(original, connection, *args, **options))

    return endheaders


def _or_record_failure(connection: http.client.HTTPConnection, step: Callable[[], object]) -> object:
    call = getattr(connection, CALL, None)
    try:
        return step()
    except Exception as error:
        if isinstance(call, _Call):
            record("Error", describe_failure(error), task=call.task)
        raise


def _send_headers(connection: http.client.HTTPConnection, method: str, url: str) -> None:
    try:
        task = current()
        if task is None:
            return
        path, _, query = url.partition("?")
        scheme = "https" if isinstance(connection, http.client.HTTPSConnection) else "http"
        address = f"{scheme}://{connection.host}:{connection.port}"
        shown = scrub_url(task.process, path if "://" in path else f"{address}{path}", query)
        call = _Call(task, time.time_ns(), time.perf_counter_ns())
        record("HttpRequest", {"method": method, "url": shown, "headers": {}}, task=task)
        for name, value in _headers(task, new_span_id()).items():
            connection.putheader(name, value)
        setattr(connection, CALL, call)
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report("an outgoing request")


def _getresponse(original: Function) -> Function:
    def getresponse(connection: http.client.HTTPConnection, *args: object, **options: object) -> object:
        call = getattr(connection, CALL, None)
        response = _or_record_failure(connection, partial(original, connection, *args, **options))
        setattr(connection, CALL, None)
        if isinstance(call, _Call) and isinstance(response, http.client.HTTPResponse):
            _note_answer(call, response)
        return response

    return getresponse


def _note_answer(call: _Call, response: http.client.HTTPResponse) -> None:
    try:
        task = current() or call.task
        text = response.getheader(CLOCK)
        header = parse_clock(text) if text else None
        if text and (header is None or header.trace_id != task.trace.id):
            task.process.malformed_headers += 1
        task.learn(header.clock if header is not None and header.trace_id == task.trace.id else NOTHING)
        took_ns = time.perf_counter_ns() - call.began
        fields: Fields = {"status": response.status, "headers": {}, "duration_ms": took_ns / 1e6}
        record("HttpResponse", fields, task=task, span=(call.began_ns, took_ns))
    except Exception:  # noqa: BLE001 -- the SDK boundary
        report("an answer")
