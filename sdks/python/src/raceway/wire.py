"""From records to the body of `POST /events`. Runs on the sender's thread."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import uuid4

from raceway.context import EventRef, Held, Record, Task
from raceway.location import describe
from raceway.process import Process
from raceway.value import Fields, Json


class Batch(NamedTuple):
    """A body to deliver. `events` are the same as JSON, to split what is too large for the server."""

    id: str
    events: tuple[bytes, ...]
    drops: dict[str, int]

    def body(self) -> bytes:
        """Return the request's body; the same at each call."""
        head = json.dumps({"batch_id": self.id, "dropped": self.drops}).encode()
        return head[:-1] + b',"events":[' + b",".join(self.events) + b"]}"

    def halves(self) -> tuple[Batch, Batch]:
        """Return two batches, each under an id of its own, with the events of this one."""
        middle = len(self.events) // 2
        first = self._replace(id=str(uuid4()), events=self.events[:middle])
        return first, Batch(str(uuid4()), self.events[middle:], {})


def make_batch(process: Process, records: list[Record]) -> Batch:
    """Return the batch of these records; one that cannot be JSON is dropped and counted."""
    events = []
    for record in records:
        try:
            text = json.dumps(event_of(record), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            process.queue.drop("not_json")
        else:
            events.append(text.encode("utf-8", "replace"))
    return Batch(str(uuid4()), tuple(events), process.queue.take_drops())


def event_of(record: Record) -> Fields:
    """Return a record as an event of `POST /events`."""
    number, parent, time_ns, n, learned, task, thread, held, kind, fields, site, span = record
    process = task.process
    if site is not None:
        fields = fields | {_LOCATION_FIELD.get(kind, "location"): describe(site, process.settings.root)}
    clock: list[Json] = [[component, value] for component, value in learned.items()]
    clock.append([task.component, n])
    return {
        "id": process.event_id(number),
        "trace_id": task.trace.id,
        "parent_id": _id_of(parent, process),
        "timestamp": time_ns,
        "kind": {kind: fields},
        "metadata": _metadata(task, thread, kind, span),
        "causality_vector": clock,
        "lock_set": [_lock(lock) for lock in held],
    }


_LOCATION_FIELD = {"AsyncSpawn": "spawned_at", "AsyncAwait": "awaited_at"}


def _id_of(event: EventRef, process: Process) -> str | None:
    return process.event_id(event) if isinstance(event, int) else event


def _lock(held: Held) -> Json:
    lock_id, mode, scope = held
    return {"id": lock_id, "mode": mode, "scope": scope}


def _metadata(task: Task, thread: str, kind: str, span: tuple[int, int] | None) -> Fields:
    process, trace = task.process, task.trace
    metadata: Fields = {
        "thread_id": thread,
        "task_id": task.id,
        "process_id": process.pid,
        "service_name": process.settings.service,
        "instance_id": process.instance,
        "environment": process.settings.environment,
        "host": process.host,
        "distributed_span_id": trace.span_id,
    }
    if trace.upstream_span_id:
        metadata["upstream_span_id"] = trace.upstream_span_id
    if span is not None:
        metadata["start_ns"], metadata["duration_ns"] = span
    if trace.is_cut:
        metadata["tags"] = {"raceway.clock": "cut"}
    return metadata
