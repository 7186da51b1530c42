"""What never changes a verdict: names, the order of arrival, how events are split, and strangers.

Whole reports are compared, as `raceway analyze --json --all` prints them.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.core.build import Said, Story
from tests.unit.core.crowd import crowds, turns
from tests.unit.core.lock_program import Explorer, random_scripts, told
from tests.unit.core.random_program import programs
from tests.unit.core.random_trace import events_of_one_trace
from tests.unit.core.renaming import Json, marked, report, shuffled, unmarked

from raceway_core.event import Event
from raceway_core.formats import raceway, std
from raceway_core.formats.text import text_of
from raceway_core.span import SPAN_NS
from raceway_core.time import format_time, parse_time


@st.composite
def lock_runs(draw: st.DrawFn) -> list[Event]:
    """Draw a run of a random program of locks that got to its end."""
    random = draw(st.randoms(use_true_random=True))
    reentrant = draw(st.booleans())
    run = Explorer(random_scripts(random, has_shared=not reentrant, is_reentrant=reentrant)).run(random)
    assume(run)
    return told(run or [], reentrant=reentrant)


def _events_of(stories: Sequence[Story]) -> list[Event]:
    return [event for story in stories for event in story.events]


WORLDS = st.one_of(
    programs(25), events_of_one_trace(), lock_runs(), crowds().map(_events_of), turns().map(_events_of)
)
"""Events of anything that the other tests judge by slow definitions."""


@given(WORLDS)
@examples(100)
def test_names_are_only_names(events: list[Event]) -> None:
    """Operations may be named by tasks, so their rows come in another order."""
    again, before = unmarked(report(marked(events))), report(events)
    for section in ("operations", "baselines"):
        assert sorted(map(str, again.pop(section))) == sorted(map(str, before.pop(section)))
    assert again == before


NAMES = ("t1", "t2", "t3", "t4", "i1", "i2", "i3", "T1", "T2", "h1", "h", "other")
"""Of tasks, threads, instances and hosts. Ids of events decide where stamps leave two in doubt."""


@given(WORLDS, st.permutations(NAMES))
@examples(30)
def test_whose_name_it_is_does_not_matter(events: list[Event], others: list[str]) -> None:
    names = dict(zip(NAMES, others, strict=True))
    again, before = report(shuffled(events, names)), report(events)
    assert again["counts"] == before["counts"]
    assert _variables(again) == _variables(before)
    assert _faults(again) == _faults(before)
    assert _levels(again) == _levels(before)
    assert _intervals(again) == _intervals(before)
    assert len(again["clock"]["issues"]) == len(before["clock"]["issues"])


@st.composite
def threads(draw: st.DrawFn) -> list[Event]:
    """Draw lines of threads that take free locks and give back their own, one line of parents each."""
    step = st.tuples(
        st.sampled_from(("T1", "T2", "T3")),
        st.sampled_from(("acq", "acq", "rel", "w", "r")),
        st.sampled_from("abc"),
    )
    holds: dict[str, list[str]] = {}
    lines: list[str] = []
    for who, op, name in draw(st.lists(step, min_size=10, max_size=25)):
        of_lock = holds.setdefault(name, [])
        if op == "acq" and {*of_lock} <= {who}:
            of_lock.append(who)
        elif op == "rel" and who in of_lock:
            of_lock.pop()
        elif op in {"acq", "rel"}:
            continue
        lines.append(f"{who}|{op}({name})|{len(lines)}")
    return std.read("\n".join(lines).encode())


@given(threads(), st.randoms(use_true_random=False))
@examples(100)
def test_ids_do_not_matter_where_parents_tell_the_order(events: list[Event], random: Random) -> None:
    """There are no stamps, so events are numbered by their ids."""
    ids = random.sample(range(100, 1_000), len(events))
    again = report(shuffled(events, {event.id: str(id) for event, id in zip(events, ids, strict=True)}))
    before = report(events)
    assert again["counts"] == before["counts"]
    assert _variables(again) == _variables(before)
    assert _faults(again) == _faults(before)
    assert _circles(again) == _circles(before)


def _circles(found: Json) -> list[Json]:
    keys = ("locks", "threads", "locations")
    return sorted(
        ([one["status"], *(sorted(one[key]) for key in keys)] for one in found["deadlocks"]), key=str
    )


def _variables(found: Json) -> list[Json]:
    """Return all but the scopes, in which instances are named."""
    return sorted(([one[key] for key in one if key != "scope"] for one in found["variables"]), key=str)


def _faults(found: Json) -> list[Json]:
    keys = ("fingerprint", "kind", "verdict", "severity", "pairs_by_verdict", "traces", "aliases", "hidden")
    return sorted(([one[key] for key in keys] for one in found["findings"]), key=str)


def _levels(found: Json) -> Json:
    return found["isolation"]["refuted_levels"]


def _intervals(found: Json) -> list[tuple[str, str]]:
    """Return from when till when each critical path goes."""
    return sorted((path["start_ns"], path["end_ns"]) for path in found["critical_paths"])


@given(WORLDS, st.randoms(use_true_random=False))
@examples(100)
def test_neither_order_nor_repetition_matters(events: list[Event], random: Random) -> None:
    arrived = [*events, *random.choices(events, k=3)] if events else []
    random.shuffle(arrived)
    assert report(arrived) == report(events)


@given(WORLDS, st.randoms(use_true_random=False))
@examples(50)
def test_files_and_batches_are_cut_anywhere(events: list[Event], random: Random) -> None:
    arrived = random.sample(events, len(events))
    read = raceway.reader()
    again = [event for file in _files(arrived, random) for event in read(text_of(file))]
    assert report(again) == report(events)


def _files(events: Sequence[Event], random: Random) -> list[bytes]:
    files: list[bytes] = []
    at = 0
    while at < len(events):
        part = events[at : at + random.randint(1, 12)]
        at += len(part)
        shape = random.randrange(3)
        if shape == 0:
            files.append(b"\n".join(map(msgspec.json.encode, part)))
        else:
            files.append(msgspec.json.encode(part if shape == 1 else {"events": part}))
    return files


@given(WORLDS, st.integers(1, 100_000))
@examples(50)
def test_when_it_was_does_not_matter(events: list[Event], minutes: int) -> None:
    """Runs are cut at whole minutes, so by whole minutes it is later."""
    shift_ns = minutes * SPAN_NS
    later = [_later(event, shift_ns) for event in events]
    assert _earlier(report(later), shift_ns) == report(events)


def _later(event: Event, shift_ns: int) -> Event:
    start_ns = event.metadata.start_ns
    metadata = msgspec.structs.replace(
        event.metadata, start_ns=None if start_ns is None else int(start_ns) + shift_ns
    )
    return msgspec.structs.replace(event, timestamp=event.time_ns + shift_ns, metadata=metadata)


_TIMES = {"start_ns", "end_ns", "time_ns", "from_ns", "until_ns"}
_STAMPS = {"first_seen", "last_seen", "timestamp"}


def _earlier(value: Json, shift_ns: int) -> Json:
    if isinstance(value, list):
        return [_earlier(one, shift_ns) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: _earlier_member(key, one, shift_ns) for key, one in value.items()}


def _earlier_member(key: str, value: Json, shift_ns: int) -> Json:
    if isinstance(value, str) and key in _TIMES:
        return str(int(value) - shift_ns)
    if isinstance(value, str) and key in _STAMPS:
        return format_time(parse_time(value) - shift_ns)
    return _earlier(value, shift_ns)


STRANGER: Said = {
    "service": "stranger",
    "instance": "elsewhere",
    "process": 77,
    "host": "mars",
    "on": "martian",
    "task": "green",
    "place": "mars.py:1 land",
}


def _stranger(trace_id: str, at: float) -> list[Event]:
    """Return events that have nothing in common with others but perhaps their trace."""
    story = Story(trace_id, **STRANGER)
    story.acquire("canal", id="s1", at=at)
    story.write("rover", 1, id="s2")
    story.read("rover", 1, id="s3")
    story.release("canal", id="s4")
    return story.events


@given(WORLDS, st.booleans(), st.sampled_from([0.0, 2.0, 40_000.0]))
@examples(50)
def test_strangers_change_nothing(events: list[Event], in_trace: bool, at: float) -> None:
    trace_id = events[0].trace_id if events and in_trace else "another"
    again, before = report([*events, *_stranger(trace_id, at)]), report(events)
    assert [one for one in again["variables"] if one["variable"] != "rover"] == before["variables"]
    assert [one for one in again["locks"] if one["lock"] != "canal"] == before["locks"]
    assert _without_clocks(again["findings"]) == _without_clocks(before["findings"])
    for section in ("deadlocks", "isolation", "anomalies"):
        assert again[section] == before[section]
    assert again["clock"]["issues"] == before["clock"]["issues"]
    assert [one for one in again["critical_paths"] if "stranger" not in str(one)] == before["critical_paths"]
    assert again["counts"]["events"] == before["counts"]["events"] + 4


def _without_clocks(findings: Json) -> Json:
    """Lanes are shared by tasks that follow one another, so a clock may gain an entry."""
    for finding in findings:
        for example in finding["examples"]:
            for access in (example["first"], example["second"], *example["witness"]):
                del access["clock"]
    return findings
