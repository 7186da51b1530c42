"""Clock offsets: hosts with known clocks are always inside their intervals, which are tight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import MS, Story

from raceway_core.causal_graph import build_graph
from raceway_core.clock_offset import MOST_HOSTS, ClockOffsets, Offset, find_offsets
from raceway_core.event import EventId, TraceId
from raceway_core.offset.message import Message, messages_of

S_NS = 1_000_000_000


class Sent(NamedTuple):
    """A message as it really was: when it left, and how long it took."""

    sender: str
    receiver: str
    at_ns: int
    took_ns: int


def stamped(sent: Sequence[Sent], corrections: dict[str, int]) -> list[Message]:
    """Return the messages by the clocks of hosts, which show the time minus their corrections."""
    return [
        Message(
            sender=one.sender,
            receiver=one.receiver,
            sent_ns=one.at_ns - corrections[one.sender],
            received_ns=one.at_ns + one.took_ns - corrections[one.receiver],
            trace_id=TraceId("t"),
            event_id=EventId(str(number)),
        )
        for number, one in enumerate(sent)
    ]


HOSTS = "abcd"
_pairs = st.sampled_from(list(permutations(HOSTS, 2)))
_sent = st.builds(
    lambda pair, at_ns, took_ns: Sent(pair[0], pair[1], at_ns, took_ns),
    _pairs,
    st.integers(0, 10**6),
    st.integers(0, 999),
)
_corrections = st.fixed_dictionaries({host: st.integers(-(10**7), 10**7) for host in HOSTS})


@given(st.lists(_sent, min_size=1, max_size=30), _corrections)
def test_the_truth_is_always_inside(sent: list[Sent], corrections: dict[str, int]) -> None:
    found = find_offsets(stamped(sent, corrections))
    assert not found.steps
    assert {offset.host for offset in found.offsets} <= set(HOSTS)
    for offset in found.offsets:
        assert is_inside(offset, corrections)


def is_inside(offset: Offset, corrections: dict[str, int]) -> bool:
    truth = corrections[offset.host] - corrections[offset.reference]
    is_high_enough = offset.low_ns is None or offset.low_ns <= truth
    return is_high_enough and (offset.high_ns is None or truth <= offset.high_ns)


@given(st.lists(_sent, min_size=1, max_size=30), _corrections)
def test_bounds_are_those_of_the_best_way_through_messages(
    sent: list[Sent], corrections: dict[str, int]
) -> None:
    messages = stamped(sent, corrections)
    for offset in find_offsets(messages).offsets:
        lows = list(bounds_by_definition(messages, offset.reference, offset.host))
        highs = list(bounds_by_definition(messages, offset.host, offset.reference))
        assert offset.low_ns == max(lows, default=None)
        assert offset.high_ns == (-max(highs) if highs else None)


def bounds_by_definition(messages: Sequence[Message], source: str, target: str) -> Iterator[int]:
    """Yield the bound of every way from one host to another that meets no host twice."""
    if source == target:
        yield 0
        return
    others = [host for host in HOSTS if host not in {source, target}]
    for count in range(len(others) + 1):
        for middle in permutations(others, count):
            legs = [
                [one.bound_ns for one in messages if (one.sender, one.receiver) == pair]
                for pair in pairwise([source, *middle, target])
            ]
            if all(legs):
                yield sum(map(max, legs))


@given(st.lists(_sent, min_size=1, max_size=30), _corrections, st.randoms(use_true_random=False))
def test_the_order_of_messages_does_not_matter(
    sent: list[Sent], corrections: dict[str, int], random: Random
) -> None:
    messages = stamped(sent, corrections)
    expected = find_offsets(messages)
    random.shuffle(messages)
    assert find_offsets(messages) == expected


def ping_pong(host: str, other: str, count: int, every_ns: int = S_NS // 10) -> list[Sent]:
    return [
        Sent(*((host, other) if number % 2 else (other, host)), number * every_ns, MS)
        for number in range(count)
    ]


@pytest.mark.parametrize("stepped", ["a", "b"])
@pytest.mark.parametrize("by_s", [-3600, -5, 5, 3600])
def test_a_clock_that_is_set_is_one_step(stepped: str, by_s: int) -> None:
    sent = ping_pong("a", "b", 200)
    before, after = {"a": 0, "b": 7 * S_NS}, {"a": 0, "b": 7 * S_NS}
    after[stepped] += by_s * S_NS
    messages = [*stamped(sent[:100], before), *stamped(sent[100:], after)]
    found = find_offsets(messages)
    [step] = found.steps
    assert step.hosts == ("a", "b")
    assert abs(abs(by_s) * S_NS - step.least_ns) <= 2 * MS
    first, last = (offset for offset in found.offsets if offset.host == "b")
    in_turn = is_inside(first, before) and is_inside(last, after)
    # Where the clock that times the windows is set back, they may change places.
    assert in_turn or (stepped == "a" and is_inside(first, after) and is_inside(last, before))


def test_a_step_that_only_a_third_host_shows() -> None:
    before, after = {"a": 0, "b": 0, "c": 0}, {"a": 0, "b": 9 * S_NS, "c": 0}
    round_trip = [Sent("a", "b", 0, MS), Sent("b", "c", 10 * MS, MS), Sent("c", "a", 20 * MS, MS)]
    later = [one._replace(at_ns=one.at_ns + 60 * S_NS) for one in round_trip]
    found = find_offsets([*stamped(round_trip, before), *stamped(later, after)])
    [step] = found.steps
    assert "b" in step.hosts


def test_drift_within_what_messages_take_is_no_step() -> None:
    sent = ping_pong("a", "b", 1_000)
    messages = [
        message._replace(received_ns=message.received_ns + number * 100)
        if message.receiver == "b"
        else message._replace(sent_ns=message.sent_ns + number * 100)
        for number, message in enumerate(stamped(sent, {"a": 0, "b": 0}))
    ]
    assert not find_offsets(messages).steps


def test_one_way_bounds_one_side_only() -> None:
    found = find_offsets(stamped([Sent("a", "b", 0, 5)], {"a": 0, "b": 100}))
    assert found.offsets == [Offset("a", "a", 0, 0, 0, 0), Offset("b", "a", 95, None, 0, 0)]


def test_hosts_that_never_talk_have_references_of_their_own() -> None:
    sent = [*ping_pong("a", "b", 4), *ping_pong("x", "y", 4)]
    found = find_offsets(stamped(sent, dict.fromkeys("abxy", 0)))
    assert [(offset.host, offset.reference) for offset in found.offsets] == [
        ("a", "a"),
        ("b", "a"),
        ("x", "x"),
        ("y", "x"),
    ]


def test_nothing_is_said_of_one_host() -> None:
    assert find_offsets([]) == ClockOffsets([], [])


def test_many_hosts_are_cut_to_the_busiest() -> None:
    names = [f"h{number:04}" for number in range(3 * MOST_HOSTS)]
    sent = [Sent(first, second, number, 1) for number, (first, second) in enumerate(pairwise(names))]
    found = find_offsets(stamped(sent, dict.fromkeys(names, 0)))
    assert 0 < len(found.offsets) <= MOST_HOSTS


def test_requests_and_responses_between_hosts_are_messages() -> None:
    story = Story(host="h1")
    story.http("/", at=0)
    request = story.http("/inner", at=10)
    served = story.call("serve", at=4, parent=request, service="pay", instance="p", host="h2")
    story.answer(at=6, parent=served, service="pay", instance="p", host="h2")
    story.answer(at=20, parent=request)
    story.call("same host", at=21, parent=request, task="other")
    messages = list(messages_of(build_graph(story.events)))
    assert [(one.sender, one.receiver, one.bound_ns // MS) for one in messages] == [
        ("h1", "h2", 6),
        ("h2", "h1", -14),
    ]
    assert [(one.low_ns, one.high_ns) for one in find_offsets(messages).offsets] == [
        (0, 0),
        (6 * MS, 14 * MS),
    ]
