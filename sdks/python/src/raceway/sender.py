"""The background sender: batches out of the queue, delivered at least once or counted as dropped.

A batch keeps its id and its bytes over all attempts, so the server recognises it. While it is
retried the queue fills, and what does not fit is counted: memory is fixed, the application never
waits.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence

from raceway.context import Record, leave_requests_alone, this_thread
from raceway.process import Process
from raceway.retry import RETRYABLE, pause
from raceway.transport import Answer, Lost, Transport
from raceway.wire import Batch, make_batch

LOG = logging.getLogger("raceway")


class SenderThread(threading.Thread):
    """A thread of the SDK's own: it is not instrumented, and does not keep the process alive."""


class Sender:
    """Delivers one process's events on a thread of its own until it is stopped."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._queue = process.queue
        self._transport = Transport(process.settings.url, process.settings.key)
        self._flushes: deque[threading.Event] = deque()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._is_away = False
        self.counts: Counter[str] = Counter()

    def start(self) -> None:
        """Begin to send."""
        SenderThread(target=self._run, name="raceway-sender", daemon=True).start()

    def flush(self, timeout: float) -> bool:
        """Wait until what was recorded so far is delivered or given up; tell whether it is."""
        if self._ended.is_set() or this_thread.sends_unrecorded:
            return False
        done = threading.Event()
        self._flushes.append(done)
        self._queue.ring()
        return done.wait(timeout)

    def stop(self, timeout: float) -> None:
        """Flush, then end; what is not delivered within `timeout` seconds is lost."""
        began = time.monotonic()
        self.flush(timeout)
        self._stopping.set()
        self._queue.ring()
        self._ended.wait(max(0.1, timeout - (time.monotonic() - began)))

    def _run(self) -> None:
        leave_requests_alone()
        try:
            while not self._stopping.is_set():
                self._wait_for_batch()
                self._drain()
        finally:
            self._transport.close()
            self._ended.set()

    def _wait_for_batch(self) -> None:
        if not len(self._queue) and not self._flushes:
            self._queue.wait_for_any()
        if not self._flushes:
            self._queue.wait(self._process.settings.flush_every)

    def _drain(self) -> None:
        """Deliver all that is queued now, then answer the flushes that were asked for before."""
        flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
        left = len(self._queue)
        while left > 0 and not self._stopping.is_set():
            records = self._queue.take(min(left, self._process.settings.batch_size))
            left -= len(records)
            self._send(records)
        if flushes and self._queue.has_drops() and not self._stopping.is_set():
            self._send([])
        for done in flushes:
            done.set()

    def _send(self, records: list[Record]) -> None:
        try:
            batch = make_batch(self._process, records)
        except Exception:
            LOG.debug("raceway lost %d events", len(records), exc_info=True)
            self._queue.drop("internal_error", len(records))
        else:
            self._deliver(batch)

    def _deliver(self, batch: Batch) -> None:
        try:
            self._settle(batch, self._post_until_answered(batch))
        except Exception:
            LOG.debug("raceway lost a batch of %d events", len(batch.events), exc_info=True)
            self._give_up(batch, "internal_error")

    def _settle(self, batch: Batch, answer: Answer | None) -> None:
        if answer is None:
            self._give_up(batch, "unreachable")
        elif answer.status == 413 and len(batch.events) > 1:
            for half in batch.halves():
                self._deliver(half)
        elif 200 <= answer.status < 300:
            self._note_rejected(batch, answer.rejected)
        else:
            LOG.warning("Raceway refused %d events with status %d", len(batch.events), answer.status)
            self._give_up(batch, f"http_{answer.status}")

    def _note_rejected(self, batch: Batch, rejected: Sequence[int]) -> None:
        self.counts["sent"] += len(batch.events) - len(rejected)
        self.counts["rejected"] += len(rejected)
        for index in set(rejected):
            if 0 <= index < len(batch.events):
                self._queue.lose(batch.events[index].record, batch.events[index].told)

    def _post_until_answered(self, batch: Batch) -> Answer | None:
        """Return the answer that decides, or None when there was none in time."""
        body = batch.body()
        deadline = time.monotonic() + self._process.settings.give_up_after
        attempt = 0
        while True:
            attempt += 1
            answer = self._post(body)
            if answer is not None and answer.status not in RETRYABLE:
                return answer
            wait_s = pause(attempt, answer.retry_after_s if answer else None, random.random())  # noqa: S311 -- jitter
            if time.monotonic() + wait_s > deadline or self._stopping.wait(wait_s):
                return None
            self.counts["retries"] += 1

    def _post(self, body: bytes) -> Answer | None:
        try:
            answer = self._transport.post(body)
        except Lost as lost:
            self._note_away(str(lost))
            return None
        if answer.status in RETRYABLE:
            self._note_away(f"status {answer.status}")
        elif self._is_away:
            self._is_away = False
            LOG.warning("Raceway at %s answers again", self._process.settings.url)
        return answer

    def _note_away(self, reason: str) -> None:
        if not self._is_away:
            self._is_away = True
            LOG.warning(
                "Raceway at %s is away (%s); events wait and retry", self._process.settings.url, reason
            )

    def _give_up(self, batch: Batch, reason: str) -> None:
        self._queue.return_drops(batch.drops)
        self._queue.drop(reason, len(batch.events))
        for event in batch.events:
            self._queue.lose(event.record, event.told)
