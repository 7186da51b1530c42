"""Edges between chains that follow from what the events say about one another."""

from __future__ import annotations

from collections.abc import Sequence

from raceway_core.edge import Edge, EdgeKind
from raceway_core.event import AsyncAwait, AsyncSpawn, MessageReceive, MessageSend
from raceway_core.event_table import NONE, EventTable
from raceway_core.identity import Process
from raceway_core.program_order import Nodes


def inferred_edges(
    table: EventTable, nodes: Nodes, chain_of: Sequence[int], chain_nodes: Sequence[Sequence[int]]
) -> list[Edge]:
    edges = _parent_edges(table, nodes, chain_of)
    edges += _task_edges(table, nodes, chain_of, chain_nodes)
    edges += _message_edges(table, nodes, chain_of)
    return edges


def _parent_edges(table: EventTable, nodes: Nodes, chain_of: Sequence[int]) -> list[Edge]:
    return [
        Edge(nodes.starts[parent], nodes.starts[event], EdgeKind.PARENT)
        for event, parent in enumerate(table.parents)
        if parent != NONE and chain_of[parent] != chain_of[event]
    ]


def _task_edges(
    table: EventTable, nodes: Nodes, chain_of: Sequence[int], chain_nodes: Sequence[Sequence[int]]
) -> list[Edge]:
    tasks: dict[tuple[Process, str], int] = {}
    for event, strand in enumerate(table.strand_of):
        if task_id := table.strands[strand].task_id:
            tasks.setdefault((table.strands[strand].process, task_id), chain_of[event])
    edges = []
    for event, payload in enumerate(table.payloads):
        process = table.strands[table.strand_of[event]].process
        if type(payload) is AsyncSpawn:
            chain = tasks.get((process, payload.task_id))
            if chain is not None and chain != chain_of[event]:
                edges.append(Edge(nodes.starts[event], chain_nodes[chain][0], EdgeKind.SPAWN))
        elif type(payload) is AsyncAwait:
            chain = tasks.get((process, payload.future_id))
            if chain is not None and chain != chain_of[event]:
                edges.append(Edge(chain_nodes[chain][-1], nodes.ends[event], EdgeKind.AWAIT))
    return edges


def _message_edges(table: EventTable, nodes: Nodes, chain_of: Sequence[int]) -> list[Edge]:
    sends: dict[tuple[str, str], int] = {}
    for event, payload in enumerate(table.payloads):
        if type(payload) is MessageSend:
            sends.setdefault((payload.message_id, payload.queue), event)
    edges = []
    for event, payload in enumerate(table.payloads if sends else ()):
        if type(payload) is MessageReceive:
            send = sends.get((payload.message_id, payload.queue), NONE)
            if send != NONE and chain_of[send] != chain_of[event]:
                edges.append(Edge(nodes.starts[send], nodes.ends[event], EdgeKind.MESSAGE))
    return edges
