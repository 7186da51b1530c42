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

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

from raceway_core.finding import AccessEvidence
from raceway_core.locking.cycle import CycleSearch, Pattern, knotted
from raceway_core.locking.dependency import Dependency, unpack_dependency, unpack_request, unpack_way
from raceway_core.locking.line import Lines
from raceway_core.locking.schedule import MOST_MOVES, Scheduler
from raceway_core.result import OrderClass
from raceway_core.turn import PackedTurn

MOST_CIRCLES = 2_000
"""So many are found in one scope."""

MOST_CHOICES = 20_000
"""So many choices of classes for the patterns of a cycle are looked at in one scope."""

SETTLED = PackedTurn(b"\x01")
"""In place of a run's turn: its circles are settled (`Circles`)."""

_WIDTHS = {"process": 0, "service": 1, "global": 2}


class Member(NamedTuple):
    """One task of a circle: its class, what all traces say of that, and the request that is shown."""

    dependency: Dependency
    told: OrderClass
    request: AccessEvidence


class Circle(NamedTuple):
    """Tasks of different traces: each waits for the next, the last for the first."""

    members: Sequence[Member]


class Circles(NamedTuple):
    """The circles of one scope, short ones first. `is_cut`: there may be more.

    `is_settled`: there are none, and will not be before another class comes, whatever traces do.
    """

    found: Sequence[Circle]
    is_cut: bool
    is_settled: bool


def find_circles(scope: str, classes: Iterable[OrderClass]) -> Circles:
    """Return the deadlocks between different traces over locks of `scope`.

    `classes` are all that touch a lock of the scope, in any order.

    Time: O(c log c) for c classes where locks are taken in one order; else what the searches take more,
    which are bounded.
    """
    search = _Search(scope, sorted(classes, key=lambda one: one.body))
    found = tuple(search.circles())
    return Circles(found, search.is_cut, is_settled=not found and not search.lacks_traces)


def example_key(request: AccessEvidence) -> tuple[int, str, str]:
    """Return what orders the requests of a class: the smallest is shown."""
    return (request.time_ns, request.trace_id, request.event_id)


class _Search:
    """The search in one scope, with its bounds. Classes are given by number.

    `lacks_traces`: some would be a circle if more traces had them.
    """

    def __init__(self, scope: str, classes: Sequence[OrderClass]) -> None:
        self._scope = scope
        self._told = classes
        numbers = knotted(unpack_dependency(one.body) for one in classes)
        self._dependencies = {number: unpack_dependency(classes[number].body) for number in numbers}
        by_pattern: dict[Pattern, list[int]] = {}
        for number, one in self._dependencies.items():
            by_pattern.setdefault(Pattern(one.lock, one.held, ()), []).append(number)
        self._patterns = list(by_pattern)
        self._classes = list(by_pattern.values())
        self._search = CycleSearch(self._patterns)
        self._choices = MOST_CHOICES
        self._moves = MOST_MOVES
        self.is_cut = False
        self.lacks_traces = False

    def circles(self) -> Iterator[Circle]:
        """Yield each circle of classes once."""
        found = 0
        for choice in self._choices_of_classes():
            if not self._can_meet(choice):
                continue
            requests = self._of_different_traces(choice)
            if requests is None:
                self.lacks_traces = True
                continue
            if found == MOST_CIRCLES:
                self.is_cut = True
                return
            found += 1
            yield Circle([self._member(*one) for one in zip(choice, requests, strict=True)])
        self.is_cut |= self._search.is_cut

    def _choices_of_classes(self) -> Iterator[tuple[int, ...]]:
        for numbers in self._search.cycles():
            if not self._is_widest(numbers):
                continue
            seen: set[tuple[int, ...]] = set()
            for choice in product(*(self._classes[number] for number in numbers)):
                self._choices -= 1
                if self._choices < 0:
                    self.is_cut = True
                    return
                if (turned := _turned(choice)) not in seen:
                    seen.add(turned)
                    yield choice

    def _is_widest(self, numbers: Iterable[int]) -> bool:
        scopes = [self._patterns[number].lock.scope_key for number in numbers]
        return self._scope in scopes and all(_width(scope) <= _width(self._scope) for scope in scopes)

    def _of_different_traces(self, choice: Iterable[int]) -> Sequence[AccessEvidence] | None:
        """Return the smallest requests of the classes that are of different traces, None without any.

        As each class shows as many traces as a circle can have, they are found if there are any.
        """
        for requests in product(*(_requests_of(self._told[number]) for number in choice)):
            if len({request.trace_id for request in requests}) == len(requests):
                return requests
        return None

    def _can_meet(self, choice: Iterable[int]) -> bool:
        lines = Lines([unpack_way(self._dependencies[number].way) for number in choice])
        scheduler = Scheduler(lines, self._moves)
        is_possible = scheduler.can_meet(lines.ends)
        self._moves = scheduler.moves_left
        self.is_cut |= scheduler.has_given_up
        return is_possible

    def _member(self, number: int, request: AccessEvidence) -> Member:
        return Member(self._dependencies[number], self._told[number], request)


def _requests_of(told: OrderClass) -> list[AccessEvidence]:
    """Return requests of different traces, the smallest first."""
    requests = sorted(map(unpack_request, told.examples), key=example_key)
    return list({request.trace_id: request for request in reversed(requests)}.values())[::-1]


def _width(scope: str) -> int:
    return _WIDTHS.get(scope.partition(":")[0], 0)


def _turned(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """Return a circle from its smallest number on, so that equal ones are equal."""
    return min(numbers[place:] + numbers[:place] for place in range(len(numbers)))
