"""From records to the body of `POST /events`. Runs on the sender's thread."""

from __future__ import annotations

import json
from typing import NamedTuple
from uuid import uuid4

from raceway.context import EventRef, Held, Record, Task
from raceway.location import describe
from raceway.losses import TAG, TraceLoss
from raceway.process import Process
from raceway.record import report
from raceway.value import Fields, Json


class Outgoing(NamedTuple):
    """An event as JSON, what it was made from, and the loss that it tells of."""

    text: bytes
    record: Record
    told: TraceLoss | None


class Batch(NamedTuple):
    """A body to deliver. An event says the same in every attempt, whatever batch it is in."""

    id: str
    events: tuple[Outgoing, ...]
    drops: dict[str, int]

    def body(self) -> bytes:
        """Return the request's body; the same at each call."""
        head = json.dumps({"batch_id": self.id, "dropped": self.drops}).encode()
        return head[:-1] + b',"events":[' + b",".join(event.text for event in self.events) + b"]}"

    def halves(self) -> tuple[Batch, Batch]:
        """Return two batches, each under an id of its own, with the events of this one."""
        middle = len(self.events) // 2
        first = self._replace(id=str(uuid4()), events=self.events[:middle])
        return first, Batch(str(uuid4()), self.events[middle:], {})


def make_batch(process: Process, records: list[Record]) -> Batch:
    """Return the batch of these records; one that cannot be JSON is dropped and counted.

    What a trace lost is told by its first event here: also by one that was waiting when others were lost.
    """
    losses = process.queue.losses
    events = []
    for record in records:
        told = losses.take(record[5].trace.id) if losses else None
        try:
            events.append(Outgoing(_encode(event_of(record, told)), record, told))
        except Exception as error:  # noqa: BLE001 -- the SDK boundary: one event costs no other
            is_no_json = isinstance(error, (TypeError, ValueError, RecursionError))
            report(f"a {record[8]}")
            process.queue.drop("not_json" if is_no_json else "internal_error")
            process.queue.lose(record, told)
    return Batch(str(uuid4()), tuple(events), process.queue.take_drops())


def _encode(event: Fields) -> bytes:
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "replace")


def event_of(record: Record, told: TraceLoss | None = None) -> Fields:
    """Return a record as an event of `POST /events`, which tells of a loss of its trace."""
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
        "metadata": _metadata(task, thread, span) | _tags(task, told),
        "causality_vector": clock,
        "lock_set": [_lock(lock) for lock in held],
    }


_LOCATION_FIELD = {"AsyncSpawn": "spawned_at", "AsyncAwait": "awaited_at"}


def _id_of(event: EventRef, process: Process) -> str | None:
    return process.event_id(event) if isinstance(event, int) else event


def _lock(held: Held) -> Json:
    lock_id, mode, scope = held
    return {"id": lock_id, "mode": mode, "scope": scope}


def _metadata(task: Task, thread: str, span: tuple[int, int] | None) -> Fields:
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
    return metadata


def _tags(task: Task, told: TraceLoss | None) -> Fields:
    tags: Fields = {}
    if task.trace.is_cut:
        tags["raceway.clock"] = "cut"
    if told is not None:
        tags[TAG] = told.text()
    return {"tags": tags} if tags else {}
