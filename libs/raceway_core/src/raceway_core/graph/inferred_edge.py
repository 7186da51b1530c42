"""Edges between chains that follow from what events say about one another.

    parent     a parent's start is before its child
    spawn      the spawn is before the first event of the task it names, or of what descends from it
    await      the last event of the task is before the end of its await; of a task that recorded
               nothing, its spawn is
    request    a request is before the first event of what it opened elsewhere (`remote_call`)
    response   the response sent there is before the response received
    message    a message is sent before it is received
    link       a span is behind those that it is linked to (`span_edge`)
    return     the last that was done for a call is before its end (`structured_return`)

A clock that was sent decides in place of all of them between the events that carry one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from raceway_core.event import AsyncAwait, AsyncSpawn, MessageReceive, MessageSend
from raceway_core.graph.edge import Edge, EdgeKind
from raceway_core.graph.event_table import NONE
from raceway_core.graph.layout import Layout
from raceway_core.graph.program_order import was_recorded_at_end
from raceway_core.graph.remote_call import call_edges
from raceway_core.graph.span_edge import span_edges
from raceway_core.graph.structured_return import return_edges
from raceway_core.identity import Process

_Task: TypeAlias = tuple[Process, str]


def inferred_edges(layout: Layout) -> list[Edge]:
    """Return the edges, without those that a clock decides. Time: O(n)."""
    if len(layout.chain_nodes) == 1:
        return []
    edges = [*_parent_edges(layout), *_task_edges(layout), *call_edges(layout), *_message_edges(layout)]
    if layout.table.has_intervals:
        edges += return_edges(layout)
    edges += span_edges(layout)
    chain_of, event_of, place_of = layout.chains.of_event, layout.nodes.event_of, layout.place_of
    return [
        edge
        for edge in dict.fromkeys(edges)
        if chain_of[source := event_of[edge.source]] != chain_of[target := event_of[edge.target]]
        and not (source in place_of and target in place_of)
    ]


def clock_edges(layout: Layout, order: Sequence[tuple[int, int]]) -> list[Edge]:
    """Return the edges that sent clocks say, between the nodes at which these were taken."""
    return [
        Edge(_recorded(layout, cause), _recorded(layout, effect), EdgeKind.CLOCK)
        for cause, effect in order
        if layout.chains.of_event[cause] != layout.chains.of_event[effect]
    ]


def _recorded(layout: Layout, event: int) -> int:
    at_end = was_recorded_at_end(layout.table, event)
    return layout.nodes.ends[event] if at_end else layout.nodes.starts[event]


def _parent_edges(layout: Layout) -> Iterator[Edge]:
    """Yield the links from a chain to another that say more than those before them."""
    chain_of, parents = layout.chains.of_event, layout.table.parents
    starts, event_of = layout.nodes.starts, layout.nodes.event_of
    index = _index(layout)
    known: dict[tuple[int, int], int] = {}
    for target, nodes in enumerate(layout.chain_nodes):
        for node in nodes:
            event = event_of[node]
            parent = parents[event]
            if parent == NONE or chain_of[parent] == target or node != starts[event]:
                continue
            link, place = (chain_of[parent], target), index[starts[parent]]
            if known.get(link, NONE) < place:
                known[link] = place
                is_spawn = type(layout.table.payloads[parent]) is AsyncSpawn
                yield Edge(starts[parent], node, EdgeKind.SPAWN if is_spawn else EdgeKind.PARENT)


def _index(layout: Layout) -> list[int]:
    """Return each node's place on its chain."""
    index = [0] * len(layout.nodes.event_of)
    for nodes in layout.chain_nodes:
        for place, node in enumerate(nodes):
            index[node] = place
    return index


def _task_edges(layout: Layout) -> Iterator[Edge]:
    payloads, nodes, chain_nodes = layout.table.payloads, layout.nodes, layout.chain_nodes
    spawns, awaits = payloads.of(AsyncSpawn), payloads.of(AsyncAwait)
    tasks = _tasks(layout) if spawns or awaits else {}
    for event, spawn in spawns:
        for chain in tasks.get((layout.process(event), spawn.task_id), ()):
            yield Edge(nodes.starts[event], chain_nodes[chain][0], EdgeKind.SPAWN)
    silent = _silent(layout, tasks, spawns) if awaits else {}
    for event, wait in awaits:
        task = (layout.process(event), wait.future_id)
        for chain in tasks.get(task, ()):
            yield Edge(chain_nodes[chain][-1], nodes.ends[event], EdgeKind.AWAIT)
        if (started := silent.get(task, NONE)) != NONE:
            yield Edge(nodes.starts[started], nodes.ends[event], EdgeKind.AWAIT)


def _silent(
    layout: Layout, tasks: Mapping[_Task, Mapping[int, None]], spawns: Sequence[tuple[int, AsyncSpawn]]
) -> dict[_Task, int]:
    """Return the spawn of each task that recorded nothing, NONE where several could be meant."""
    silent: dict[_Task, int] = {}
    for event, spawn in spawns:
        task = (layout.process(event), spawn.task_id)
        if not tasks.get(task):
            silent[task] = NONE if task in silent else event
    return silent


def _tasks(layout: Layout) -> dict[_Task, dict[int, None]]:
    """Return the chains of each task, told by its name or by descent from its spawn."""
    table, chain_of = layout.table, layout.chains.of_event
    tasks: dict[_Task, dict[int, None]] = {}
    for event, strand in enumerate(table.strand_of):
        process, task_id, _ = table.strands[strand]
        if task_id:
            tasks.setdefault((process, task_id), {})[chain_of[event]] = None
    for spawn, chains in layout.chains.scopes.items():
        payload = table.payloads[spawn]
        if type(payload) is AsyncSpawn:
            known = tasks.setdefault((layout.process(spawn), payload.task_id), {})
            known.update(dict.fromkeys(chains))
    return tasks


def _message_edges(layout: Layout) -> Iterator[Edge]:
    """Yield the way of each message, unless chains that know nothing of one another sent it."""
    sends: dict[tuple[str, str], int] = {}
    payloads, nodes, chain_of = layout.table.payloads, layout.nodes, layout.chains.of_event
    for event, sent in payloads.of(MessageSend):
        message = (sent.message_id, sent.queue)
        first = sends.setdefault(message, event)
        if first == NONE or chain_of[first] != chain_of[event]:
            sends[message] = NONE
    for event, received in payloads.of(MessageReceive):
        send = sends.get((received.message_id, received.queue), NONE)
        if send != NONE:
            yield Edge(nodes.starts[send], nodes.ends[event], EdgeKind.MESSAGE)
