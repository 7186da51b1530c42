"""Spawn scopes: which events belong to a task that was spawned and never named.

An SDK that names its tasks says so on every event. Others record an AsyncSpawn, and what the new
task does descends from it by parent links, perhaps on the thread that spawned it. But so may what
the spawner does next, where the parent is simply the event before. Who is who follows from the
spawn's children:

    the task is named by other events    the children are the spawner's
    children on other threads            these are the task's, those on its own thread the spawner's
    only children on its own thread      the task's, if the thread also did other things later;
                                         else it makes no difference

Several children on the spawner's own thread are different tasks where the parent is the event
before, which shows when an event that cannot contain others has a child.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from raceway_core.event import AsyncSpawn
from raceway_core.graph.event_table import NONE, EventTable
from raceway_core.graph.parent_order import parents_first

Scope: TypeAlias = tuple[int, int]
"""The spawn, and the child that began this task where a spawn has several, else NONE."""


def spawn_scopes(table: EventTable) -> Mapping[int, Scope]:
    """Return the scope of each event that is part of an unnamed task. Time: O(n)."""
    spawns = table.payloads.of(AsyncSpawn)
    if not spawns:
        return {}
    unnamed = _unnamed(table, spawns)
    if not unnamed:
        return {}
    return _inherited(table, _begun_by(table, unnamed))


def _unnamed(table: EventTable, spawns: Sequence[tuple[int, AsyncSpawn]]) -> list[int]:
    named = {(strand.process, strand.task_id) for strand in table.strands if strand.task_id}
    unnamed = []
    for spawn, payload in spawns:
        process = table.strands[table.strand_of[spawn]].process
        if (process, payload.task_id) not in named:
            unnamed.append(spawn)
    return unnamed


def _begun_by(table: EventTable, spawns: Sequence[int]) -> dict[int, Scope]:
    """Return the children that begin a task, with its scope."""
    children: dict[int, list[int]] = {spawn: [] for spawn in spawns}
    for event, parent in enumerate(table.parents):
        if parent in children and _is_unnamed_in(table, event, parent):
            children[parent].append(event)
    later = _later_strangers(table)
    begun = {}
    for spawn, group in children.items():
        elsewhere = [child for child in group if table.strand_of[child] != table.strand_of[spawn]]
        if elsewhere:
            begun.update(dict.fromkeys(elsewhere, (spawn, NONE)))
        elif _are_contexts(table, group):
            begun.update({child: (spawn, child) for child in group})
        elif later[spawn]:
            begun.update(dict.fromkeys(group, (spawn, NONE)))
    return begun


def _is_unnamed_in(table: EventTable, event: int, spawn: int) -> bool:
    strand = table.strands[table.strand_of[event]]
    return not strand.task_id and strand.process == table.strands[table.strand_of[spawn]].process


def _are_contexts(table: EventTable, siblings: Sequence[int]) -> bool:
    """Whether a parent here is the event before, so that siblings are different tasks."""
    if len(siblings) < 2:
        return False
    points = {child for child in siblings if table.begins[child] == table.finishes[child]}
    return any(parent in points for parent in table.parents)


def _later_strangers(table: EventTable) -> list[bool]:
    """Return for each event whether its strand has later events that do not descend from it."""
    sizes = [1] * len(table.parents)
    for event in reversed(list(parents_first(table.parents))):
        parent = table.parents[event]
        if parent != NONE and table.strand_of[parent] == table.strand_of[event]:
            sizes[parent] += sizes[event]
    later = [0] * len(table.strands)
    strangers = [False] * len(sizes)
    for event in reversed(range(len(sizes))):
        strand = table.strand_of[event]
        strangers[event] = later[strand] >= sizes[event]
        later[strand] += 1
    return strangers


def _inherited(table: EventTable, begun: dict[int, Scope]) -> dict[int, Scope]:
    """Hand the scopes down to the descendants in the same process that name no task."""
    scopes: dict[int, Scope] = {}
    for event in parents_first(table.parents):
        parent = table.parents[event]
        scope = begun.get(event) or scopes.get(parent)
        if scope and _is_unnamed_in(table, event, scope[0]):
            scopes[event] = scope
    return scopes
