"""How far long work has come: a line on a terminal, which is gone when the work is done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress as Bar

Item = TypeVar("Item")

_QUIET_S = 1.0
"""Work that is done sooner shows nothing."""


class Progress(Protocol):
    def counted(self, what: str, size: int | None, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces of something of `size` bytes."""
        ...

    def track(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        """Yield the items."""
        ...


class Silence:
    """Shows nothing."""

    def counted(self, _what: str, _size: int | None, pieces: Iterable[bytes]) -> Iterator[bytes]:
        return iter(pieces)

    def track(self, _what: str, items: Sequence[Item]) -> Iterator[Item]:
        return iter(items)


class BarProgress:
    """Shows a bar, once the work takes longer."""

    def __init__(self, bar: Bar, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._bar = bar
        self._now_s = now_s
        self._begin_s = now_s()

    def counted(self, what: str, size: int | None, pieces: Iterable[bytes]) -> Iterator[bytes]:
        return self._advanced(what, size, pieces, len)

    def track(self, what: str, items: Sequence[Item]) -> Iterator[Item]:
        return self._advanced(what, len(items), items, lambda _item: 1)

    def _advanced(
        self, what: str, total: int | None, items: Iterable[Item], weight: Callable[[Item], int]
    ) -> Iterator[Item]:
        task = self._bar.add_task(escape(what), total=total)
        for item in items:
            yield item
            self._bar.advance(task, weight(item))
            if self._now_s() - self._begin_s > _QUIET_S:
                self._bar.start()
        self._bar.remove_task(task)


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Show progress on standard error while the context lasts, if that is a terminal."""
    if not sys.stderr.isatty():
        yield Silence()
        return
    bar = Bar(console=Console(stderr=True), transient=True)
    try:
        yield BarProgress(bar)
    finally:
        bar.stop()
