"""Random programs on hosts whose clocks are wrong by known amounts.

Tasks access, and send each other messages that take a while. What is recorded is what their clocks show.
Unlike in `tests.unit.core.random_program`, time never goes back and every message is received once.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st
from tests.unit.core.build import Said, Story

from raceway_core.event import AccessType, Event


class Place(NamedTuple):
    """A process on a host: one clock."""

    instance: str
    host: str


PLACES = (Place("i1", "h1"), Place("i2", "h2"), Place("i3", "h2"), Place("i4", "h3"), Place("i1", "h4"))
"""Of these two are on one host, and two are of one name."""


class Skewed(NamedTuple):
    """What was recorded, and how much too much each clock showed; `is_set` if one did not do so always."""

    events: list[Event]
    ahead_ms: Mapping[Place, float]
    is_set: bool


def skewed_programs(most: int = 60, *, may_be_set: bool = True) -> st.SearchStrategy[Skewed]:
    """Draw programs of about `most` steps at most; of some a clock is set in the middle."""
    is_set = st.booleans() if may_be_set else st.just(value=False)
    return st.builds(_tell, st.randoms(use_true_random=True), st.integers(10, most), is_set)


def _tell(random: Random, size: int, is_set: bool) -> Skewed:
    of_host = {place.host: random.choice([-40.0, -3.0, 0.0, 0.5, 7.0, 250.0]) for place in PLACES}
    ahead_ms = {place: of_host[place.host] + random.choice([0.0, 0.25, 0.75]) for place in PLACES}
    shown_ms, story, flying, now_ms = dict(ahead_ms), Story(service="bank"), list[str](), 100.0
    last_ms: dict[str, float] = {}
    for number in range(size):
        if is_set and number == size // 2:
            shown_ms[random.choice(PLACES)] += random.choice([-60.0, 60.0])
        now_ms += random.choice([0.25, 0.5, 1.0, 3.0])
        place, strand = random.choice(PLACES), random.choice("ab")
        task = f"{place.instance}{place.host}{strand}"
        said = Said(instance=place.instance, host=place.host, task=task, on=task, at=now_ms + shown_ms[place])
        rested_ms, last_ms[task] = now_ms - last_ms.get(task, now_ms), now_ms
        _take(story, random, said, flying, min(8.0, rested_ms))
    return Skewed(story.events, ahead_ms, is_set)


def _take(story: Story, random: Random, said: Said, flying: list[str], most_ms: float) -> None:
    chance = random.random()
    if chance < 0.3 and flying:
        story.receive(flying.pop(random.randrange(len(flying))), **said)
    elif chance < 0.6:
        flying.append(f"m{len(story.events)}")
        story.send(flying[-1], **said)
    else:
        if random.random() < 0.7 and most_ms:
            said["lasts_ms"] = most_ms / 2
        said["place"] = f"bank.py:{random.randint(1, 3)}"
        story.access(random.choice([AccessType.READ, AccessType.WRITE]), "x", **said)
