"""A request's task: from the headers that came in to the answer that goes out.

An incoming request without headers begins a trace. `raceway-clock` wins over `traceparent`; what is
malformed is counted and ignored. Each request is a task of its own, also on a thread that served
others before: reuse of a worker orders nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from urllib.parse import parse_qsl, urlencode

from raceway.context import Task, Trace, active
from raceway.process import Process, new_span_id
from raceway.propagation import (
    CLOCK,
    TRACEPARENT,
    TRACESTATE,
    ClockHeader,
    TraceParent,
    format_clock,
    parse_clock,
    parse_traceparent,
)
from raceway.record import record, report
from raceway.value import Fields

SHOWN_HEADERS = frozenset({"accept", "content-length", "content-type", "host", "user-agent"})
MOST_URL = 2048


class Request:
    """One request being served. `task` runs its handler."""

    def __init__(self, task: Task, *, carries_clock: bool) -> None:
        self.task = task
        self.carries_clock = carries_clock
        self.status = 0
        self._is_over = False
        self._began_ns = time.time_ns()
        self._began = time.perf_counter_ns()

    def answer_header(self) -> str | None:
        """Return the `raceway-clock` of the answer, if the request brought one."""
        if not self.carries_clock:
            return None
        try:
            return self._clock_header()
        except Exception:  # noqa: BLE001 -- the SDK boundary
            report("an answer's clock")
            return None

    def _clock_header(self) -> str:
        task, trace = self.task, self.task.trace
        process = task.process
        upstream = trace.upstream_span_id or ""
        service, instance = process.settings.service, process.instance
        return format_clock(
            ClockHeader(trace.id, trace.span_id, upstream, service, instance, task.clock(), trace.is_cut)
        )

    def end(self, status: int | None = None) -> None:
        """Record the answer; only the first call does."""
        if self._is_over:
            return
        self._is_over = True
        took_ns = time.perf_counter_ns() - self._began
        fields: Fields = {"status": status or self.status, "headers": {}, "duration_ms": took_ns / 1e6}
        record("HttpResponse", fields, task=self.task, span=(self._began_ns, took_ns))


def begin_request(method: str, path: str, query: str, header: Callable[[str], str | None]) -> Request | None:
    """Begin to serve a request, or return None where nothing is recorded.

    Args:
        method: The HTTP method.
        path: The path, undecoded or decoded.
        query: What stands after the question mark.
        header: Returns a request's header by its name in lower case.
    """
    process = active.process
    if process is None:
        return None
    clock = _read_clock(process, header)
    task = process.new_task("request", _trace_of(process, clock, header))
    if clock is not None:
        task.learn(clock.clock)
    request = Request(task, carries_clock=clock is not None)
    headers: Fields = {name: text for name in sorted(SHOWN_HEADERS) if (text := header(name))}
    url = scrub_url(process, path, query)
    record("HttpRequest", {"method": method, "url": url, "headers": headers}, task=task)
    return request


def scrub_url(process: Process, path: str, query: str) -> str:
    """Return path and query, with the values of secret parameters hidden."""
    if not query:
        return path[:MOST_URL]
    shown: Iterable[tuple[str, str]] = (
        (name, process.values.scrub(name, text)) for name, text in parse_qsl(query, keep_blank_values=True)
    )
    return f"{path}?{urlencode(list(shown))}"[:MOST_URL]


def _read_clock(process: Process, header: Callable[[str], str | None]) -> ClockHeader | None:
    text = header(CLOCK)
    if text is None:
        return None
    clock = parse_clock(text)
    parent_text = header(TRACEPARENT)
    parent = parse_traceparent(parent_text) if parent_text else None
    if clock is None or (parent is not None and parent.trace_id != clock.trace_id):
        process.malformed_headers += 1
        return None
    return clock


def _trace_of(process: Process, clock: ClockHeader | None, header: Callable[[str], str | None]) -> Trace:
    parent = _read_parent(process, header)
    if clock is not None:
        trace = Trace(clock.trace_id, clock.span_id, is_sampled=parent is None or parent.is_sampled)
        trace.upstream_span_id, trace.is_cut = clock.parent_span_id or None, clock.is_cut
    elif parent is not None:
        trace = Trace(parent.trace_id, new_span_id(), is_sampled=parent.is_sampled)
        trace.upstream_span_id = parent.span_id
    else:
        return process.new_trace()
    trace.state = header(TRACESTATE)
    return trace


def _read_parent(process: Process, header: Callable[[str], str | None]) -> TraceParent | None:
    text = header(TRACEPARENT)
    if text is None:
        return None
    parent = parse_traceparent(text)
    if parent is None:
        process.malformed_headers += 1
    return parent
