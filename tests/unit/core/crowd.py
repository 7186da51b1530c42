"""Crowds: random traces that share one variable and some locks, and the windows that they leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import msgspec
from hypothesis import strategies as st
from msgspec import UNSET
from tests.unit.core.build import Said, Story

from raceway_core.analysis import analyze_trace
from raceway_core.event import AccessType, Event, LockMode, Scope, StateChange, TraceId, kind_of
from raceway_core.result import Window
from raceway_core.run import SLACK_NS
from raceway_core.span import spans_of

Windows = list[tuple[TraceId, Window]]
VARIABLE = "balance"


def windows_of(stories: Sequence[Story]) -> Windows:
    return [
        (story.trace_id, window)
        for story in stories
        for window in analyze_trace(story.trace_id, story.events).windows
    ]


def said(words: str) -> Story:
    """Return a trace of the given words, a millisecond each, the first of which may be a begin in ms."""
    begin, *rest = words.split()
    story = Story(f"t{begin}", at=float(begin))
    for word in rest:
        what, _, detail = word.partition(":")
        if what in ("lock", "unlock"):
            tell = story.acquire if what == "lock" else story.release
            tell("l", scope=Scope.PROCESS, mode=LockMode.SHARED if detail else None)
        else:
            tell_access = story.read if what == "read" else story.write
            tell_access(VARIABLE, 100, version=int(detail) if detail else None)
    return story


class Op(NamedTuple):
    """One step of a request: an access by its kind, a lock event, or the next request."""

    what: str
    place: int
    after_ms: float


WORDS = ("read", "read", "write", "write", "update", "acquire L", "release L", "acquire M shared",
         "release M shared", "acquire L shared", "release L shared", "request")  # fmt: skip
WHO: tuple[Said, ...] = (
    {"instance": "i1", "process": 1, "host": "h"},
    {"instance": "i1", "process": 1, "host": "h"},
    {"instance": "i2", "process": 2, "host": "h"},
    {"instance": "i3", "process": 1, "host": "other"},
    {"instance": None, "process": 1},
)
OPS = st.builds(
    Op, st.sampled_from(WORDS), st.integers(1, 2), st.sampled_from([0.0, 0.5, 1.0, 3.0, 900.0, 25_000.0])
)


@st.composite
def crowds(draw: st.DrawFn) -> list[Story]:
    """Draw traces that share one variable, which has one true history, and some locks."""
    crew = draw(st.sampled_from([WHO[:1], WHO[:2], WHO[:3], WHO]))
    grants = draw(st.booleans())
    versions = draw(st.booleans())
    scope = draw(st.sampled_from([None, Scope.SERVICE]))
    steps: list[tuple[float, int, Op]] = []
    for trace in range(draw(st.integers(2, 5))):
        at = draw(st.sampled_from([0.0, 0.3, 2.0, 39_990.0]))
        for op in draw(st.lists(OPS, min_size=1, max_size=7)):
            at += op.after_ms + 0.01
            steps.append((at + trace / 1000, trace, op))
    return recorded(sorted(steps), crew, scope=scope, versions=versions, grants=grants)


CRITICAL_SECTIONS = [
    (None, None),
    ("acquire L", "release L"),
    ("acquire L", "release L"),
    ("acquire L shared", "release L shared"),
]


@st.composite
def turns(draw: st.DrawFn) -> list[Story]:
    """Draw traces that mostly take turns under one lock, with versions that are mostly right."""
    steps: list[tuple[float, int, Op]] = []
    at = 0.0
    for trace in range(draw(st.integers(2, 4))):
        for _ in range(draw(st.sampled_from([1, 1, 2]))):
            acquire, release = draw(st.sampled_from(CRITICAL_SECTIONS))
            inside = draw(st.lists(st.sampled_from(["read", "write", "write", "update"]), max_size=3))
            for what in filter(None, (acquire, "read", *inside, release)):
                at += 1
                steps.append((at, trace, Op(what, draw(st.integers(1, 2)), 0)))
        at += draw(st.sampled_from([0.0, 1.0, 1.0, -4.0]))
    stories = recorded(
        sorted(steps),
        draw(st.sampled_from([WHO[:1], WHO[:3], WHO])),
        scope=draw(st.sampled_from([None, Scope.PROCESS, Scope.SERVICE])),
        versions=draw(st.booleans()),
        grants=draw(st.booleans()),
    )
    for story in stories:
        story.events = [draw(_sometimes_wrong(event)) for event in story.events]
    return stories


def _sometimes_wrong(event: Event) -> st.SearchStrategy[Event]:
    """Draw an access with another version or none, most often as it is."""
    change = event.payload
    if not isinstance(change, StateChange):
        return st.just(event)
    wrong = st.sampled_from([None, 1, 2, 3]).map(
        lambda version: msgspec.structs.replace(
            event, kind=kind_of(msgspec.structs.replace(change, version=version))
        )
    )
    return st.integers(0, 15).flatmap(lambda luck: st.just(event) if luck else wrong)


def recorded(
    steps: list[tuple[float, int, Op]],
    crew: Sequence[Said],
    *,
    scope: Scope | None,
    versions: bool,
    grants: bool,
) -> list[Story]:
    """Record steps in the order in which they happened, with the values that they saw and made."""
    stories: dict[int, Story] = {}
    value = version = grant = 0
    for at, trace, op in steps:
        story = stories.setdefault(trace, Story(f"t{trace}", **crew[trace % len(crew)]))
        what, _, rest = op.what.partition(" ")
        if what == "request":
            story.http(at=at)
        elif what in ("acquire", "release"):
            lock, _, mode = rest.partition(" ")
            grant += what == "acquire"
            tell = story.acquire if what == "acquire" else story.release
            tell(
                lock,
                at=at,
                mode=LockMode.SHARED if mode else LockMode.EXCLUSIVE,
                grant=grant if grants and what == "acquire" else None,
            )
        else:
            kind = {"read": AccessType.READ, "write": AccessType.WRITE, "update": AccessType.ATOMIC_RMW}[what]
            old, value = value, (value + op.place) % 3 if kind.writes else value
            version += kind.writes
            story.access(
                kind,
                VARIABLE,
                value,
                old if kind is AccessType.ATOMIC_RMW else UNSET,
                at=at,
                scope=scope,
                version=version if versions else None,
                place=f"bank.py:{op.place} f{op.place}",
            )
    return [stories[trace] for trace in sorted(stories)]


def runs_of(windows: Windows) -> list[Windows]:
    """Return maximal sets of windows that overlap with the slack, by trying each two."""
    group = {trace: {trace} for trace, _ in windows}
    for (first, mine), (second, theirs) in combinations(windows, 2):
        if mine.first_ns <= theirs.last_ns + SLACK_NS and theirs.first_ns <= mine.last_ns + SLACK_NS:
            merged = group[first] | group[second]
            for trace in merged:
                group[trace] = merged
    sets = {frozenset(members) for members in group.values()}
    return [[item for item in windows if item[0] in members] for members in sorted(sets, key=sorted)]


def spans_in(windows: Windows) -> dict[int, Windows]:
    spans: defaultdict[int, Windows] = defaultdict(list)
    for trace, window in windows:
        for span in spans_of(window):
            spans[span].append((trace, window))
    return spans
