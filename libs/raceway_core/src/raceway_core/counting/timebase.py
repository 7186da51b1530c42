r"""The timebase of one trace: how the clocks of its hosts compare, as far as its own messages tell.

A message from site a to site b says x_b − x_a ≥ sent − received, x being what must be added to a site's
stamps to have the true time. Two sites of one host disagree by `SAME_HOST_UNCERTAINTY_NS` at most, which
are two constraints more. The longest paths both ways between two sites bound from both sides what must
be added to the stamps of the one to have the time of the other. That is tighter than what the offsets of
both from a third host (`raceway_core.clock_offset`) would leave.

    a  ──●─────────●──▶    the request says that b is at most 251 ms ahead, the answer at least 249 ms:
          \       ↗        to b's stamps −251 ms to −249 ms are added, and what overlaps then
    b  ────●─────●────▶    whatever is added was seen to overlap

Nothing is known of two sites where one bound is missing, nor of any in a trace whose messages contradict
one another: a clock was set. Of sites of different traces nothing is ever known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from raceway_core.causal_graph import CausalGraph
from raceway_core.counting.interval_count import Flags, Integers
from raceway_core.counting.site import SAME_HOST_UNCERTAINTY_NS, Site
from raceway_core.offset.longest_path import LONGEST, NO_PATH, longest_between
from raceway_core.offset.message import crossings_of

MOST_SITES = 256
"""Of more sites those with the most messages are compared."""


class Bounds(NamedTuple):
    """What must be added to the stamps of the second of two sites to have the first's time."""

    low_ns: int
    high_ns: int


class BoundColumns(NamedTuple):
    """Bounds as columns; `is_known` tells which are any."""

    low_ns: Integers
    high_ns: Integers
    is_known: Flags


class Timebase:
    """Compares the clocks of one trace. Nothing is computed before it is asked of two hosts."""

    def __init__(self, graph: CausalGraph) -> None:
        self._graph = graph

    def between(self, first: Site, second: Site) -> Bounds | None:
        """Return the bounds of one site to another of different hosts, None if nobody knows it."""
        compared = self._compared
        if compared is None:
            return None
        mine, theirs = compared.number_of.get(first), compared.number_of.get(second)
        if mine is None or theirs is None or not compared.between.is_known[mine, theirs]:
            return None
        low_ns, high_ns, _ = compared.between
        return Bounds(int(low_ns[mine, theirs]), int(high_ns[mine, theirs]))

    def of(self, sites: Sequence[Site]) -> FarSites | None:
        """Return the comparison of some sites with one another, None where nothing is known."""
        if len({site.host for site in sites}) < 2 or self._compared is None:
            return None
        numbers = np.array([self._compared.number_of.get(site, -1) for site in sites], dtype=np.int64)
        return FarSites(self._compared.between, numbers)

    @cached_property
    def _compared(self) -> _Compared | None:
        return _compare(self._graph)


class FarSites:
    """The clocks of some things, given by number, where these are of different hosts.

    `clock` numbers the clocks, −1 is one of which nothing is known.
    """

    def __init__(self, between: BoundColumns, clock: Integers) -> None:
        self._between = between
        self.clock = clock

    def of(self, chosen: Integers) -> FarSites:
        """Return those of some of the things."""
        return FarSites(self._between, self.clock[chosen])

    def between(self, first: Integers, second: Integers | int) -> BoundColumns:
        """Return the bounds between the clocks of the things `first` and those of `second`."""
        return self.between_clocks(first, self.clock[second])

    def between_clocks(self, first: Integers, clock: Integers | int) -> BoundColumns:
        """Do what `between` does, the second being clocks."""
        low_ns, high_ns, is_known = self._between
        pairs = self.clock[first], clock
        return BoundColumns(low_ns[pairs], high_ns[pairs], is_known[pairs])


class _Compared(NamedTuple):
    """The numbers of sites, and the bounds between any two; the last row and column know nothing."""

    number_of: Mapping[Site, int]
    between: BoundColumns


def _compare(graph: CausalGraph) -> _Compared | None:
    """Compare the sites of a trace's hosts. Time: O(edges + sites³), O(chains) where there is one host."""
    bounds, counts = _bounds_of(graph)
    if not bounds or max(map(abs, bounds.values())) > LONGEST:
        return None
    number_of = {site: number for number, site in enumerate(_members(graph, counts))}
    weights = np.full((len(number_of), len(number_of)), NO_PATH, dtype=np.int64)
    host_of = {host: number for number, host in enumerate({site.host for site in number_of})}
    hosts = np.array([host_of[site.host] for site in number_of], dtype=np.int64)
    is_one_host = hosts[:, np.newaxis] == hosts
    weights[is_one_host] = -SAME_HOST_UNCERTAINTY_NS
    for (sender, receiver), bound_ns in bounds.items():
        if sender in number_of and receiver in number_of:
            weights[number_of[sender], number_of[receiver]] = bound_ns
    lengths = longest_between(weights)
    return None if lengths is None else _Compared(number_of, _columns_of(lengths, is_one_host))


def _bounds_of(graph: CausalGraph) -> tuple[Mapping[tuple[Site, Site], int], Counter[Site]]:
    """Return the tightest bound between any two sites in one direction, and how many messages each has."""
    sites = [Site(chain.process, chain.host) for chain in graph.chains]
    bounds: dict[tuple[Site, Site], int] = {}
    counts: Counter[Site] = Counter()
    for source, target in crossings_of(graph):
        cause, effect = (sites[graph.chain_of[graph.event_of[node]]] for node in (source, target))
        bound_ns = graph.time_ns(source) - graph.time_ns(target)
        bounds[cause, effect] = max(bounds.get((cause, effect), bound_ns), bound_ns)
        counts.update((cause, effect))
    return bounds, counts


def _members(graph: CausalGraph, counts: Counter[Site]) -> Sequence[Site]:
    """Return the sites of hosts that have messages, the busiest first."""
    hosts = {site.host for site in counts}
    sites = {Site(chain.process, chain.host) for chain in graph.chains if chain.host in hosts}
    return sorted(sites, key=lambda site: (-counts[site], site))[:MOST_SITES]


def _columns_of(lengths: Integers, is_one_host: Flags) -> BoundColumns:
    is_path = lengths > NO_PATH // 2
    is_known = is_path & is_path.T & ~is_one_host
    low_ns, high_ns = np.where(is_known, lengths, 0), np.where(is_known, -lengths.T, 0)
    return BoundColumns(*(np.pad(column, (0, 1)) for column in (low_ns, high_ns, is_known)))
