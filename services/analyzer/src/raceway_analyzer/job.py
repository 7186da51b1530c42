"""The CPU work of the analyzer, bytes in and bytes out, so that it can run in another process.

What goes wrong in one trace becomes that trace's result: it is shown as failed, with its events
counted, and the others go on.

The analysis itself is loaded only where it runs: the process that hands the work out starts sooner
and stays smaller without it.
"""

from __future__ import annotations

import traceback

import msgspec

from raceway_analyzer.failure import failed_result
from raceway_common.chunk import events_in
from raceway_common.packing import pack_outcome, pack_run
from raceway_common.ports.finding_store import RunOutcome
from raceway_common.ports.trace_store import TraceOutcome
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.event import Event, TraceId
from raceway_core.options import Options
from raceway_core.result import OrderClass, TraceResult, Window
from raceway_core.turn import NO_TURN, follow


class Job(msgspec.Struct, frozen=True, array_like=True):
    """A trace to analyze: its events, as they are stored, at the version of the claim or a newer one.

    Chunks travel compressed: unpacking them is part of the work.
    """

    claim: TraceClaim
    chunks: tuple[bytes, ...]


class Lot(msgspec.Struct, frozen=True, array_like=True):
    """Traces that are analyzed in one go."""

    jobs: tuple[Job, ...]
    options: Options


class Done(msgspec.Struct, frozen=True, array_like=True):
    """An analyzed trace. `error` is the traceback of an analysis that failed, else empty."""

    outcome: TraceOutcome
    error: str = ""


class RunJob(msgspec.Struct, frozen=True, array_like=True, tag="variable"):
    """A run to count: all windows that touch its span, or of one over all time their exemplars."""

    claim: RunClaim
    windows: tuple[tuple[TraceId, Window], ...]


class LocksJob(msgspec.Struct, frozen=True, array_like=True, tag="locks"):
    """A run of locks to count: all classes that touch its scope."""

    claim: RunClaim
    classes: tuple[OrderClass, ...]


class RunDone(msgspec.Struct, frozen=True, array_like=True):
    """A counted run. `error` is the traceback of a count that failed, else empty."""

    outcome: RunOutcome
    error: str = ""


_encoder = msgspec.msgpack.Encoder()
_lot = msgspec.msgpack.Decoder(Lot)
_run_jobs = msgspec.msgpack.Decoder(list[RunJob | LocksJob])


def load() -> None:
    """Load what `analyze_lot` and `count_runs` need, which they would do as well."""
    import raceway_core.analysis  # noqa: F401 -- loading is all there is to do


def analyze_lot(lot: bytes) -> bytes:
    """Analyze a `Lot` and return a list of `Done`, in its order. Never raises for a trace."""
    jobs, options = msgspec.structs.astuple(_lot.decode(lot))
    return _encoder.encode([analyze(job, options) for job in jobs])


def analyze(job: Job, options: Options) -> Done:
    """Analyze one trace, and say what went wrong if something did."""
    from raceway_core.analysis import analyze_trace

    events: list[Event] = []
    try:
        events = events_in(job.chunks)
        result = analyze_trace(job.claim.trace_id, events, options)
    except Exception:  # noqa: BLE001 -- the worker's loop: whatever a trace does to us, the others go on
        return failed(job.claim, events, traceback.format_exc())
    return Done(pack_outcome(job.claim, result))


def failed(claim: TraceClaim, events: list[Event], error: str) -> Done:
    """Return the outcome of a trace that could not be analyzed."""
    result: TraceResult = failed_result(claim.trace_id, events)
    return Done(pack_outcome(claim, result), error)


def count_runs(runs: bytes) -> bytes:
    """Count a list of `RunJob` and `LocksJob` and return a list of `RunDone`, in its order.

    Never raises for a run.
    """
    return _encoder.encode([count(job) for job in _run_jobs.decode(runs)])


def count(job: RunJob | LocksJob) -> RunDone:
    """Count one run, and say what went wrong if something did."""
    try:
        return RunDone(count_locks(job) if isinstance(job, LocksJob) else count_variable(job))
    except Exception:  # noqa: BLE001 -- the worker's loop, as above
        return uncounted(job.claim, traceback.format_exc())


def count_variable(job: RunJob) -> RunOutcome:
    """Compare the windows of a run of a variable."""
    from raceway_core.run import find_across_traces, find_never_met

    if job.claim.is_ever:
        return pack_run(job.claim, find_never_met(job.windows))
    findings = find_across_traces(job.claim.span, job.windows)
    turn = NO_TURN if findings else follow([window.turn for _, window in job.windows])
    return pack_run(job.claim, findings, turn)


def count_locks(job: LocksJob) -> RunOutcome:
    """Look for circles in a run of locks."""
    from raceway_core.deadlock_across import SETTLED, find_deadlocks_across

    found = find_deadlocks_across(job.claim.locks_of or "", job.classes)
    return pack_run(job.claim, found.findings, SETTLED if found.is_settled else NO_TURN)


def uncounted(claim: RunClaim, error: str) -> RunDone:
    """Return the outcome of a run that could not be counted: it has no findings."""
    return RunDone(pack_run(claim, ()), error)
