"""What one transaction of the bus does, and who waits for it."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

import msgspec

from raceway_common.adapters.sqlite_bus.stream import Stream
from raceway_core.errors import RacewayError

T = TypeVar("T")


class Step(Protocol):
    """A part of a transaction: `run` on the bus's thread, then `finish` on the event loop."""

    def run(self, stream: Stream) -> None: ...

    def finish(self, failure: RacewayError | None) -> None: ...


class Call(Generic[T]):
    """A step whose result somebody awaits. A refusal is a result too, and fails nobody else's."""

    def __init__(self, function: Callable[[Stream], T], future: Future[T]) -> None:
        self._function = function
        self._future = future
        self._result: T | RacewayError

    def run(self, stream: Stream) -> None:
        try:
            self._result = self._function(stream)
        except RacewayError as refusal:
            self._result = refusal

    def finish(self, failure: RacewayError | None) -> None:
        outcome = failure or self._result
        if self._future.done():
            return
        if isinstance(outcome, RacewayError):
            self._future.set_exception(outcome)
        else:
            self._future.set_result(outcome)


class Group(msgspec.Struct):
    """The work of one transaction. What comes in masses goes in bulk, before all calls."""

    bodies: dict[str, bytes] = {}
    body_bytes: int = 0
    publishers: list[Future[None]] = []
    settled: list[int] = []
    delayed: list[tuple[int, int]] = []
    calls: list[Step] = []

    def __bool__(self) -> bool:
        return bool(self.publishers or self.settled or self.delayed or self.calls)

    @property
    def has_arrivals(self) -> bool:
        """Whether there may be something to fetch that was not there before."""
        return bool(self.publishers or self.delayed)

    def publish(self, body: bytes, key: str, future: Future[None]) -> None:
        if key not in self.bodies:
            self.bodies[key] = body
            self.body_bytes += len(body)
        self.publishers.append(future)

    def finish(self, failure: RacewayError | None, refusal: RacewayError | None) -> None:
        """Tell everybody: the transaction's `failure` is everyone's, `refusal` the publishers'."""
        for future in self.publishers:
            if future.done():
                continue
            if error := failure or refusal:
                future.set_exception(error)
            else:
                future.set_result(None)
        for call in self.calls:
            call.finish(failure)
