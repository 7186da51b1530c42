"""Chains: what really ran one after another."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from raceway_core.event_table import EventTable, Strand
from raceway_core.identity import Process, host_of


class Chain(msgspec.Struct, frozen=True, gc=False):
    """What really ran one after another. `component` names it in a clock that is shown."""

    process: Process
    host: str
    name: str
    component: str


def chains_of(table: EventTable) -> tuple[Sequence[int], list[Chain]]:
    """Return the chain of each event, and the chains."""
    firsts: dict[int, int] = {}
    for event, strand in enumerate(table.strand_of):
        firsts.setdefault(strand, event)
    chains = [_chain(strand, table, firsts[number]) for number, strand in enumerate(table.strands)]
    return table.strand_of, chains


def _chain(strand: Strand, table: EventTable, first: int) -> Chain:
    process, name = strand.process, strand.task_id or strand.thread_id
    host = host_of(table.events[first].metadata, process)
    return Chain(process, host, name, f"{process.service}#{process.instance}#{name}")
