"""Deadlocks between traces: requests that take locks in opposite orders, and may never have met.

    trace 1    acq a  acq b ?          any day
    trace 2    acq b  acq a ?          any other day

Traces have no causal link, so their requests for locks are concurrent in C whenever they were made. What
keeps tasks of different traces apart are locks only. Classes of dependencies
(`raceway_core.locking.dependency`) of k different traces, one for each, are a deadlock iff

    they form a cycle of two to four (`raceway_core.locking.cycle`): each asks for a lock that the next one
    holds, and no lock is held in two of them but shared, and
    locks let all of them get there at once (`raceway_core.locking.schedule`): each has its way to go.

Cycles among the tasks of one trace are the trace's own (`raceway_core.deadlock`). Classes are looked at by
scope key: all that touch a lock of that scope. A cycle is reported where the widest scope of the locks
asked for is; so one that goes over three or four locks of several scopes is only seen if each of its
dependencies touches one of the widest.

How often a program runs through its code does not matter, only how many classes there are.

Sources: Havelund 2000 (GoodLock); Bensalem & Havelund 2005; Kalhauge & Palsberg 2018.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from raceway_core.finding import AccessEvidence
from raceway_core.locking.cycle import CycleSearch, Pattern
from raceway_core.locking.dependency import Dependency, unpack_dependency, unpack_request
from raceway_core.locking.line import Lines
from raceway_core.locking.schedule import Scheduler
from raceway_core.result import OrderClass
from raceway_core.turn import PackedTurn

MOST_CIRCLES = 2_000
"""So many are found in one scope."""

MOST_CHOICES = 20_000
"""So many choices of classes for the patterns of a cycle are looked at in one scope."""

SETTLED = PackedTurn(b"\x01")
"""In place of a run's turn: the classes of a scope have no circle, and more traces of them make none."""

_WIDTHS = {"process": 0, "service": 1, "global": 2}


class KnownClass(NamedTuple):
    """A class, when it was asked for, and requests of it from different traces, the smallest first."""

    dependency: Dependency
    first_ns: int
    last_ns: int
    requests: Sequence[AccessEvidence]


class Member(NamedTuple):
    """One task of a circle: its class, and the request that is shown of it."""

    known: KnownClass
    request: AccessEvidence


class Circle(NamedTuple):
    """Tasks of different traces: each waits for the next, the last for the first."""

    members: Sequence[Member]


class Circles(NamedTuple):
    """The circles of one scope, short ones first. `is_cut`: there may be more."""

    found: Sequence[Circle]
    is_cut: bool


def find_circles(scope: str, classes: Iterable[OrderClass]) -> Circles:
    """Return the deadlocks between different traces over locks of `scope`.

    `classes` are all that touch a lock of the scope, in any order.

    Time: O(c log c) for c classes where locks are taken in one order; else what the searches take more,
    which are bounded.
    """
    known = [
        KnownClass(unpack_dependency(one.body), one.first_ns, one.last_ns, _requests(one))
        for one in sorted(classes, key=lambda one: one.body)
    ]
    by_pattern: dict[Pattern, list[KnownClass]] = {}
    for one in known:
        pattern = Pattern(one.dependency.lock, one.dependency.held, ())
        by_pattern.setdefault(pattern, []).append(one)
    search = _Search(scope, by_pattern)
    return Circles(tuple(search.circles()), search.is_cut)


def _requests(one: OrderClass) -> list[AccessEvidence]:
    requests = sorted(map(unpack_request, one.examples), key=example_key)
    return list({request.trace_id: request for request in reversed(requests)}.values())[::-1]


def example_key(request: AccessEvidence) -> tuple[int, str, str]:
    """Return what orders the requests of a class: the smallest is shown."""
    return (request.time_ns, request.trace_id, request.event_id)


class _Search:
    """The search in one scope, with its bounds."""

    def __init__(self, scope: str, by_pattern: Mapping[Pattern, Sequence[KnownClass]]) -> None:
        self._scope = scope
        self._patterns = list(by_pattern)
        self._classes = list(by_pattern.values())
        self._search = CycleSearch(self._patterns)
        self._choices = MOST_CHOICES
        self.is_cut = False

    def circles(self) -> Iterator[Circle]:
        """Yield each circle of classes once."""
        found = 0
        for choice in self._choices_of_classes():
            circle = _among_traces(choice)
            if circle is None or not self._can_meet(choice):
                continue
            if found == MOST_CIRCLES:
                self.is_cut = True
                return
            found += 1
            yield circle
        self.is_cut |= self._search.is_cut

    def _choices_of_classes(self) -> Iterator[Sequence[KnownClass]]:
        for numbers in self._search.cycles():
            if not self._is_widest(numbers):
                continue
            seen: set[tuple[int, ...]] = set()
            for choice in product(*(self._classes[number] for number in numbers)):
                self._choices -= 1
                if self._choices < 0:
                    self.is_cut = True
                    return
                if (turned := _turned(tuple(map(id, choice)))) not in seen:
                    seen.add(turned)
                    yield choice

    def _is_widest(self, numbers: Iterable[int]) -> bool:
        scopes = [self._patterns[number].lock.scope_key for number in numbers]
        return self._scope in scopes and all(_width(scope) <= _width(self._scope) for scope in scopes)

    def _can_meet(self, choice: Sequence[KnownClass]) -> bool:
        scheduler = Scheduler(lines := Lines([one.dependency.way for one in choice]))
        is_possible = scheduler.can_meet(lines.ends)
        self.is_cut |= scheduler.has_given_up
        return is_possible


def _width(scope: str) -> int:
    return _WIDTHS.get(scope.partition(":")[0], 0)


def _turned(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return a circle from its smallest number on, so that equal ones are equal."""
    return min(numbers[place:] + numbers[:place] for place in range(len(numbers)))


def _among_traces(choice: Sequence[KnownClass]) -> Circle | None:
    """Return the circle with requests of different traces, the smallest that there are; None if not.

    As each class shows as many traces as a circle can have, a choice is found if there is one.
    """
    for requests in product(*(one.requests for one in choice)):
        if len({request.trace_id for request in requests}) == len(requests):
            return Circle([Member(one, request) for one, request in zip(choice, requests, strict=True)])
    return None
