"""The bounded queue between the application and the sender, and the account of what was dropped.

Putting takes no lock that waits, so it works in signal handlers, finalizers and at any depth.
"""

from __future__ import annotations

from _thread import RLock, allocate_lock
from collections import Counter, deque

from raceway.context import Record
from raceway.losses import Losses, TraceLoss


class EventQueue:
    """First in, first out, at most `limit` records; what comes when it is full is dropped."""

    def __init__(self, limit: int, batch_size: int) -> None:
        self._records: deque[Record] = deque()
        self._limit = limit
        self._batch_size = batch_size
        self._bell = allocate_lock()
        self._bell.acquire()
        self._is_idle = True
        self._drops_lock = RLock()
        self._drops: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.losses = Losses(self._drops_lock)

    def __len__(self) -> int:
        return len(self._records)

    def put(self, record: Record) -> bool:
        """Append a record unless the queue is full; tell which. Never waits."""
        records = self._records
        if len(records) >= self._limit:
            self.drop("queue_full")
            self.lose(record)
            return False
        records.append(record)
        if self._is_idle or len(records) == self._batch_size:
            self._is_idle = False
            self.ring()
        return True

    def take(self, most: int) -> list[Record]:
        """Return up to `most` records, oldest first."""
        records = self._records
        return [records.popleft() for _ in range(min(most, len(records)))]

    def ring(self) -> None:
        """End the wait for the next batch."""
        try:
            self._bell.release()
        except RuntimeError:
            return  # it is ringing already

    def wait_for_any(self) -> None:
        """Wait until there is a record, or the bell rings."""
        self._is_idle = True
        if not self._records:
            self._bell.acquire()
        self._is_idle = False

    def wait(self, timeout: float) -> None:
        """Wait until a batch is full or the bell rings, at most `timeout` seconds."""
        if len(self._records) < self._batch_size:
            self._bell.acquire(timeout=timeout)

    def drop(self, reason: str, events: int = 1) -> None:
        """Count events that will never be sent."""
        if events:
            with self._drops_lock:
                self._drops[reason] += events
                self.dropped[reason] += events

    def lose(self, record: Record, told: TraceLoss | None = None) -> None:
        """Have a later event of its trace tell that this one is lost, and what it would have told."""
        task = record[5]
        self.losses.add(task.trace.id, task.id, record[3])
        if told is not None:
            self.losses.give_back(task.trace.id, told)

    def take_drops(self) -> dict[str, int]:
        """Return what was dropped since the last call; the caller reports it."""
        with self._drops_lock:
            drops, self._drops = dict(self._drops), Counter()
        return drops

    def has_drops(self) -> bool:
        """Whether something was dropped and not reported."""
        return bool(self._drops)

    def return_drops(self, drops: dict[str, int]) -> None:
        """Take back a report that could not be delivered."""
        with self._drops_lock:
            self._drops.update(drops)
