"""Vector clocks: what one task could have known about the others.

A component is `service#instance#task`, its value the number of events of that task. An event's
clock is the task's own component together with what the task has learned from others; `known`
below is that second part. It is never changed once an event refers to it: learning makes a new
mapping. Its order is that of learning, latest last, so that cutting it keeps the direct causes.

Sources: Fidge 1988, Mattern 1989.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

Clock: TypeAlias = Mapping[str, int]

NOTHING: Clock = {}
MOST_ENTRIES = 512
"""A task's clock never grows beyond this: memory stays fixed, and the trace is marked as cut."""


def learn(known: Clock, news: Clock, own: str = "") -> Clock:
    """Return the least clock that is not before `known` or `news`, without the component `own`.

    Time: O(len(known) + len(news)); O(len(news)) when there is nothing new, and then it is `known`.
    """
    fresh = {name: n for name, n in news.items() if name != own and n > known.get(name, 0)}
    if not fresh:
        return known
    return {name: n for name, n in known.items() if name not in fresh} | fresh


def cut(clock: Clock, most: int) -> Clock:
    """Return the `most` entries that were learned last."""
    if len(clock) <= most:
        return clock
    return dict(list(clock.items())[len(clock) - most :])
