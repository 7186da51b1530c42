"""Runners: what ran an event, and what a sentence calls several of them, so that they are told apart.

A runner is called by its thread. Two that stand at one place, or on threads of one name, would read
alike; those are called by the first of these in which all of them differ:

    task       request-49               where no task is known, its thread
    thread     MainThread
    trace      request-49 of trace 5a1e0000
    process    request-49 of process 12
    instance   request-49 of instance bank-2

A thread or task of another service than the first one's says so: `MainThread of shop`. Where nothing
that was sent tells them apart, nothing does here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

_SHOWN_OF_ID = 8


class Runner(NamedTuple):
    """What ran an event, as sent; a part that is not known is empty. Equal ones are one."""

    task: str
    thread: str
    service: str
    trace_id: str = ""
    process_id: int = 0
    instance: str = ""

    @property
    def name(self) -> str:
        """The task, else the thread."""
        return self.task or self.thread or "an unnamed thread"

    @property
    def thread_name(self) -> str:
        """The thread, else the task."""
        return self.thread or self.name

    def is_of(self, other: Runner) -> bool:
        """Whether both are one task of one trace; one thread, where no task is known."""
        mine, theirs = (one._replace(task="", thread=one.name) for one in (self, other))
        return mine == theirs


_Names: TypeAlias = list[str]


def told_apart(runners: Sequence[Runner], places: Sequence[str] = ()) -> _Names:
    """Return what to call each of some runners; `places` are those that are named with them."""
    distinct = set(runners)
    threads = {runner.thread_name for runner in distinct}
    reads_alike = len(threads) < len(distinct) or len(set(places)) < len(places)
    ways = _WAYS if reads_alike else (_by_thread,)
    for way in ways:
        names = way(runners)
        if len(set(names)) == len(distinct):
            return names
    return _by_thread(runners)


def short_traces(trace_ids: Sequence[str]) -> _Names:
    """Return the beginnings of some trace ids, whole ids where these do not tell them apart."""
    short = [trace_id[:_SHOWN_OF_ID] for trace_id in trace_ids]
    return short if len(set(short)) == len(set(trace_ids)) else list(trace_ids)


def _by_task(runners: Sequence[Runner]) -> _Names:
    return _with_services([runner.name for runner in runners], runners)


def _by_thread(runners: Sequence[Runner]) -> _Names:
    return _with_services([runner.thread_name for runner in runners], runners)


def _by_trace(runners: Sequence[Runner]) -> _Names:
    traces = short_traces([runner.trace_id for runner in runners])
    return [f"{runner.name} of trace {trace}" for runner, trace in zip(runners, traces, strict=True)]


def _by_process(runners: Sequence[Runner]) -> _Names:
    return [f"{runner.name} of process {runner.process_id}" for runner in runners]


def _by_instance(runners: Sequence[Runner]) -> _Names:
    return [f"{runner.name} of instance {runner.instance or 'unknown'}" for runner in runners]


def _with_services(names: Sequence[str], runners: Sequence[Runner]) -> _Names:
    """Add the services that are not the first one's."""
    return [
        name if runner.service in {"", runners[0].service} else f"{name} of {runner.service}"
        for name, runner in zip(names, runners, strict=True)
    ]


_WAYS: tuple[Callable[[Sequence[Runner]], _Names], ...] = (
    _by_task,
    _by_thread,
    _by_trace,
    _by_process,
    _by_instance,
)
