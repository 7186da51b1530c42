"""Clock offsets: by how much the wall clocks of hosts differ, as intervals that must hold the truth.

Let x_h be what must be added to the stamps of host h. A message from a to b cannot arrive before it was
sent: x_b − x_a ≥ sent − received. Of all messages between two hosts in one direction the tightest
bound is kept; the longest paths through these bounds give each host an interval, relative to the host
of the group whose name comes first. Nothing is assumed about how long messages take.

Bounds that contradict one another have no solution: a clock was set. Then the time is split into
windows in which they have one, and each split is reported as a step. Raw times are never rewritten.

Source: Duda, Harrus, Haddad and Bernard 1987, "Estimating global time in distributed systems";
Cormen et al., "Difference constraints and shortest paths".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from raceway_core.offset.longest_path import Pair, longest_from, positive_cycle, reversed_pairs, weight_of
from raceway_core.offset.message import Message

MOST_HOSTS = 256
"""Of more hosts that talk to one another those with the most messages are looked at."""


class Offset(NamedTuple):
    """What must be added to a host's stamps to have its reference's time, from when until when.

    A bound is None where no message sets one. The time is that of the host whose name comes first.
    """

    host: str
    reference: str
    low_ns: int | None
    high_ns: int | None
    from_ns: int
    until_ns: int


class Step(NamedTuple):
    """A clock of one of `hosts` was set, by at least `least_ns`; `message` is the first that shows it."""

    hosts: tuple[str, ...]
    at_ns: int
    least_ns: int
    message: Message


class ClockOffsets(NamedTuple):
    """Offsets by window and host, and the steps between the windows."""

    offsets: Sequence[Offset]
    steps: Sequence[Step]


class _Window(NamedTuple):
    """Messages that do not contradict one another, and the step that ends them."""

    messages: Sequence[Message]
    step: Step | None


def find_offsets(messages: Iterable[Message]) -> ClockOffsets:
    """Return the offsets between all hosts that talk to one another, directly or not.

    Time: O(m log m + hosts · pairs · log m) for each window, m messages.
    """
    offsets: list[Offset] = []
    steps: list[Step] = []
    for group in _groups(list(messages)):
        for window in _merged(list(_windows(sorted(group, key=_time)))):
            offsets += _offsets(window.messages)
            steps += [window.step] if window.step else []
    return ClockOffsets(offsets, steps)


def offsets_without_steps(messages: Iterable[Message]) -> list[Offset]:
    """Return the offsets of those groups of hosts whose messages do not contradict one another.

    Time: O(m + hosts · pairs).
    """
    groups = _groups(list(messages))
    consistent = [group for group in groups if not positive_cycle(_bounds(group))]
    return [offset for group in consistent for offset in _offsets(sorted(group, key=_time))]


def _time(message: Message) -> tuple[int, Message]:
    return (message.when_ns, message)


def _groups(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """Yield the messages of each group of hosts that are connected by messages."""
    leader: dict[str, str] = {}
    for message in messages:
        first, second = (_find(leader, host) for host in (message.sender, message.receiver))
        leader[max(first, second)] = min(first, second)
    groups: dict[str, list[Message]] = {}
    for message in messages:
        groups.setdefault(_find(leader, message.sender), []).append(message)
    for name in sorted(groups):
        yield _of_busiest(groups[name])


def _find(leader: dict[str, str], host: str) -> str:
    root = host
    while (above := leader.setdefault(root, root)) != root:
        root = above
    while leader[host] != root:
        leader[host], host = root, leader[host]
    return root


def _of_busiest(messages: list[Message]) -> list[Message]:
    counts = Counter(host for message in messages for host in (message.sender, message.receiver))
    if len(counts) <= MOST_HOSTS:
        return messages
    busiest = set(sorted(counts, key=lambda host: (-counts[host], host))[:MOST_HOSTS])
    return [message for message in messages if message.sender in busiest and message.receiver in busiest]


def _windows(messages: Sequence[Message]) -> Iterator[_Window]:
    begin = 0
    while begin < len(messages):
        end = _last_consistent(messages, begin)
        step = _step(messages[begin : end + 1]) if end < len(messages) else None
        yield _Window(messages[begin:end], step)
        begin = end


def _last_consistent(messages: Sequence[Message], begin: int) -> int:
    """Return the end of the longest window from `begin` that is consistent: doubling, then halving."""
    good, bad, size = begin + 1, len(messages) + 1, 2
    while good < len(messages):
        end = min(begin + size, len(messages))
        if positive_cycle(_bounds(messages[begin:end])):
            bad = end
            break
        good, size = end, 2 * size
    while good < len(messages) and bad - good > 1:
        middle = (good + bad) // 2
        if positive_cycle(_bounds(messages[begin:middle])):
            bad = middle
        else:
            good = middle
    return good


def _bounds(messages: Iterable[Message]) -> dict[Pair, int]:
    """Return the tightest bound of each pair of hosts, in one direction."""
    bounds: dict[Pair, int] = {}
    for sender, receiver, sent_ns, received_ns, *_ in messages:
        pair, bound_ns = (sender, receiver), sent_ns - received_ns
        if pair not in bounds or bound_ns > bounds[pair]:
            bounds[pair] = bound_ns
    return bounds


def _step(messages: Sequence[Message]) -> Step:
    bounds = _bounds(messages)
    cycle = positive_cycle(bounds) or []
    return Step(tuple(sorted(cycle)), messages[-1].when_ns, weight_of(cycle, bounds), messages[-1])


def _merged(windows: list[_Window]) -> list[_Window]:
    """Take steps that follow one another faster than they are large for one.

    When a clock is set back, what came before and after the step is mixed for as long as that.
    """
    merged: list[_Window] = []
    for window in windows:
        last = merged[-1].step if merged else None
        if (
            last
            and window.step
            and window.step.at_ns - last.at_ns <= max(last.least_ns, window.step.least_ns)
        ):
            least_ns = max(last.least_ns, window.step.least_ns)
            merged[-1] = merged[-1]._replace(step=last._replace(least_ns=least_ns, at_ns=window.step.at_ns))
        else:
            merged.append(window)
    return merged


def _offsets(messages: Sequence[Message]) -> Iterator[Offset]:
    bounds = _bounds(messages)
    hosts = sorted({host for pair in bounds for host in pair})
    low, high = longest_from(hosts[0], bounds), longest_from(hosts[0], reversed_pairs(bounds))
    for host in [host for host in hosts if host in low or host in high]:
        yield Offset(
            host=host,
            reference=hosts[0],
            low_ns=low.get(host),
            high_ns=-high[host] if host in high else None,
            from_ns=messages[0].when_ns,
            until_ns=messages[-1].when_ns,
        )
