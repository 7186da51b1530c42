"""Fork-join programs: drawn, run, told as events, and run again after a change.

A program is a call that works, then goes on to its next stage, and so on. A stage is some calls that run
side by side and are all waited for; then the caller works again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Unpack

import msgspec
from hypothesis import strategies as st
from tests.unit.core.build import Said, Story

from raceway_core.event import Event, Payload

NAMES = "abcd"


class Program(msgspec.Struct, frozen=True):
    """A call of `name` that works for `works[k]` ms before its stage k, and for the last after all."""

    name: str
    works: tuple[int, ...]
    stages: tuple[tuple[Program, ...], ...]


_works = st.integers(1, 20)


def _calls(inner: st.SearchStrategy[Program]) -> st.SearchStrategy[Program]:
    stages = st.lists(st.lists(inner, min_size=1, max_size=3).map(tuple), max_size=3)
    return stages.flatmap(_with_works)


def _with_works(stages: list[tuple[Program, ...]]) -> st.SearchStrategy[Program]:
    works = st.lists(_works, min_size=len(stages) + 1, max_size=len(stages) + 1).map(tuple)
    return st.builds(Program, st.sampled_from(NAMES), works, st.just(tuple(stages)))


programs: st.SearchStrategy[Program] = st.recursive(_with_works([]), _calls, max_leaves=8)


def length_ms(program: Program, factors: Mapping[str, float]) -> float:
    """Return how long it runs when the own work of each name is multiplied by its factor."""
    own = sum(program.works) * factors.get(program.name, 1)
    return own + sum(max(length_ms(call, factors) for call in stage) for stage in program.stages)


def as_spans(program: Program) -> list[Event]:
    """Run it and tell it as plain spans: intervals and their parents."""
    story = Story(service="web", instance="w", on="")
    _span(story, program, 0, None, count())
    return story.events


def _span(story: Story, program: Program, begin: int, parent: str | None, ids: Iterator[int]) -> int:
    own_id = f"s{next(ids)}"
    now = begin
    for work, stage in zip(program.works, program.stages, strict=False):
        now += work
        now = max([_span(story, call, now, own_id, ids) for call in stage])
    now += program.works[-1]
    event = story.call(program.name, began=begin, at=now, lasts_ms=now - begin, id=own_id)
    story.events[-1] = msgspec.structs.replace(event, parent_id=parent)
    return now


def as_tasks(program: Program) -> list[Event]:
    """Run it and tell it as tasks: points, each followed by its work, spawns and awaits."""
    story = _Tasks(service="web", instance="w")
    story.run(program, 0, "root", None)
    return story.events


class _Tasks(Story):
    """Events of one moment are in the order of their ids."""

    def event(self, payload: Payload, **said: Unpack[Said]) -> Event:
        return super().event(payload, **(said | Said(id=f"e{len(self.events):06}")))

    def run(self, program: Program, begin: int, task: str, spawn: Event | None) -> int:
        first = self.call(program.name, at=begin, task=task, parent=spawn)
        now = begin + program.works[0]
        for work, stage in zip(program.works[1:], program.stages, strict=True):
            names = [f"{task}.{len(self.events)}.{number}" for number in range(len(stage))]
            spawns = [self.spawn(name, at=now, task=task, parent=first) for name in names]
            calls = zip(stage, names, spawns, strict=True)
            ended = [self.run(call, now, name, spawned) for call, name, spawned in calls]
            for name, end in zip(names, ended, strict=True):
                lasts = max(0, end - now)
                self.join(name, began=now, at=now + lasts, lasts_ms=lasts, task=task, parent=first)
                now += lasts
            self.call(program.name, at=now, task=task, parent=first)
            now += work
        self.call("return", at=now, task=task, parent=first)
        return now
