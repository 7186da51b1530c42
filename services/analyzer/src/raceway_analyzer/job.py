"""The CPU work of the analyzer, bytes in and bytes out, so that it can run in another process.

What goes wrong in one trace becomes that trace's result: it is shown as failed, with its events
counted, and the others go on.
"""

from __future__ import annotations

import traceback

import msgspec

from raceway_analyzer.failure import failed_result
from raceway_common.packing import pack_outcome
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.ports.work_queue import TraceClaim
from raceway_core.analysis import analyze_trace
from raceway_core.batch import decode_events
from raceway_core.event import Event, TraceId
from raceway_core.finding import Finding
from raceway_core.options import Options
from raceway_core.result import TraceResult, Window
from raceway_core.run import find_across_traces


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A trace to analyze: its events, as they are stored, at the version of the claim or a newer one."""

    claim: TraceClaim
    chunks: tuple[msgspec.Raw, ...]


class Lot(msgspec.Struct, frozen=True, array_like=True):
    """Traces that are analyzed in one go."""

    jobs: tuple[Job, ...]
    options: Options


class Done(msgspec.Struct, frozen=True, array_like=True):
    """An analyzed trace. `error` is the traceback of an analysis that failed, else empty."""

    outcome: TraceOutcome
    error: str = ""


class RunJob(msgspec.Struct, frozen=True, array_like=True):
    """A run to count: its span, and all windows that touch it."""

    span: int
    windows: tuple[tuple[TraceId, Window], ...]


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """A counted run. `error` is the traceback of a count that failed, else empty."""

    findings: tuple[Finding, ...]
    error: str = ""


_encoder = msgspec.msgpack.Encoder()
_lot = msgspec.msgpack.Decoder(Lot)
_run = msgspec.msgpack.Decoder(RunJob)


def analyze_lot(lot: bytes) -> bytes:
    """Analyze a `Lot` and return a list of `Done`, in its order. Never raises for a trace."""
    jobs, options = msgspec.structs.astuple(_lot.decode(lot))
    return _encoder.encode([analyze(job, options) for job in jobs])


def analyze(job: Job, options: Options) -> Done:
    """Analyze one trace, and say what went wrong if something did."""
    events: list[Event] = []
    try:
        events = decode_events(job.chunks)
        result = analyze_trace(job.claim.trace_id, events, options)
    except Exception:  # noqa: BLE001 -- the worker's loop: whatever a trace does to us, the others go on
        return failed(job.claim, events, traceback.format_exc())
    return Done(pack_outcome(job.claim, result))


def failed(claim: TraceClaim, events: list[Event], error: str) -> Done:
    """Return the outcome of a trace that could not be analyzed."""
    result: TraceResult = failed_result(claim.trace_id, events)
    return Done(pack_outcome(claim, result), error)


def count_run(run: bytes) -> bytes:
    """Count a `RunJob` and return a `Counted`. Never raises for what the windows hold."""
    job = _run.decode(run)
    try:
        counted = Counted(tuple(find_across_traces(job.span, job.windows)))
    except Exception:  # noqa: BLE001 -- the worker's loop, as above
        counted = Counted((), traceback.format_exc())
    return _encoder.encode(counted)
