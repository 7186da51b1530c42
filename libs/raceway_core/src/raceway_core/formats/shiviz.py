"""ShiViz logs, as GoVector writes them: events with a host, a vector clock and a text.

    alice {"alice":1}
    sends an order
    bob {"bob":1, "alice":1}
    receives the order

The clocks decide alone: e happens before f iff f's clock has at least e's place at e's host. A host is
a chain, a clock's entry for the host itself the event's place on it. File order proves nothing, and
there is no wall time. An event is named by the number of the line that has its clock. What is
wrong with a clock is an issue, and the event still counts; one without a place of its own comes
after what its clock knows, and nothing comes after it.

    malformed_clock        not a JSON object of counts; what is none is left out
    own_component_missing  the clock has no entry for its own host
    unknown_host           a clock has an entry for a host without events; told once per host
    and duplicate_place, not_growing, dangling_component and cycle of the causal graph

Sources: Beschastnikh et al. 2016, "Debugging distributed systems" (ShiViz); GoVector.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

from raceway_core.causal_graph import ClockIssue
from raceway_core.errors import Rejected
from raceway_core.event import Custom, Event, EventId, JsonValue, Metadata, TraceId, kind_of
from raceway_core.formats.shiviz_pattern import Entry, entries_of
from raceway_core.formats.text import Text, text_of

TRACE = TraceId("shiviz")
"""The format has no trace ids: a file is one trace."""

EXPECTED = "ShiViz, two lines an event: host {clock as JSON} and text, or what --pattern says"

_LIMIT = 2**53


class ShivizLog(NamedTuple):
    """What a file holds. `skipped_lines` counts lines that belong to no event."""

    events: list[Event]
    issues: Sequence[ClockIssue]
    skipped_lines: int


class _Clock(NamedTuple):
    """The counts of a clock, and what is wrong with others."""

    counts: dict[str, int]
    complaint: str


def reader(pattern: str | None = None) -> Callable[[Text], ShivizLog]:
    """Return what takes the events of a file, in its order, and what is wrong with their clocks alone.

    Time: O(n), or what the pattern costs.

    Raises:
        Rejected: It has no event, or is not UTF-8; the message names the line. Or the pattern is none.
    """
    return lambda text: _log(text, pattern)


def read(data: bytes, pattern: str | None = None) -> ShivizLog:
    """Return what a file holds."""
    return _log(text_of(data), pattern)


def _log(text: Text, pattern: str | None) -> ShivizLog:
    lines = [line.decoded().removesuffix("\r") for line in text.lines()]
    entries, skipped_lines = entries_of(lines, pattern)
    if not entries:
        what = EXPECTED if pattern is None else "a match of --pattern"
        raise Rejected(f"line 1: expected {what}, found none")
    state = _Reader(entries)
    return ShivizLog([state.event(entry) for entry in entries], state.issues, skipped_lines)


def issue_in_words(issue: ClockIssue) -> ClockIssue | None:
    """Return an issue of the causal graph as one of the file's, if it is one here.

    That places of a host are not in the file is none: the file need not have every event.
    """
    if issue.kind == "gap":
        return None
    before, quote, rest = issue.message.partition("'")
    component, _, after = rest.rpartition("'")
    host = component[: len(component) // 3]
    if component != _component(host):
        return issue
    return ClockIssue(issue.kind, issue.event_id, f"{before}{quote}{host}{quote}{after}")


class _Reader:
    def __init__(self, entries: Sequence[Entry]) -> None:
        self.issues: list[ClockIssue] = []
        self._hosts = {entry.host for entry in entries}
        self._strangers: set[str] = set()

    def event(self, entry: Entry) -> Event:
        clock = _clock_of(entry.clock)
        known = {host: count for host, count in clock.counts.items() if host in self._hosts}
        if clock.complaint:
            self._report("malformed_clock", entry, clock.complaint)
        elif entry.host not in known:
            self._report("own_component_missing", entry, f"the clock has no {entry.host!r}")
        for stranger in clock.counts.keys() - self._hosts - self._strangers:
            self._strangers.add(stranger)
            self._report("unknown_host", entry, f"no event is of host {stranger!r}")
        return _event(entry, known)

    def _report(self, kind: str, entry: Entry, message: str) -> None:
        self.issues.append(ClockIssue(kind, EventId(str(entry.line)), message))


def _event(entry: Entry, known: dict[str, int]) -> Event:
    host = entry.host
    vector = {_component(other): count for other, count in known.items()}
    task_id = host
    if host not in known:
        task_id = f"{host}~{entry.line}"
        vector[f"{host}#{host}#{task_id}"] = 1
    return Event(
        id=EventId(str(entry.line)),
        trace_id=TRACE,
        timestamp=entry.line,
        kind=kind_of(Custom(name=entry.text)),
        metadata=Metadata(service_name=host, instance_id=host, task_id=task_id, host=host),
        causality_vector=tuple(vector.items()),
    )


def _component(host: str) -> str:
    return f"{host}#{host}#{host}"


def _clock_of(text: str) -> _Clock:
    try:
        pairs: JsonValue = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError) as error:
        return _Clock({}, f"expected a JSON object of counts: {error}")
    if type(pairs) is not _Pairs:
        return _Clock({}, "expected a JSON object of counts")
    counts: dict[str, int] = {}
    wrong: dict[str, str] = {}
    for host, count in pairs:
        if host in counts or host in wrong:
            wrong.setdefault(host, f"{host!r} is given twice")
        elif type(count) not in {int, float} or not 0 <= count < _LIMIT or count != int(count):
            wrong[host] = f"{host!r} is {_shown(count)}, expected a count"
        else:
            counts[host] = int(count)
    return _Clock({host: count for host, count in counts.items() if count}, "; ".join(wrong.values()))


def _shown(value: JsonValue) -> str:
    return type(value).__name__ if isinstance(value, list) else f"{value!r:.40}"


class _Pairs(list[tuple[str, JsonValue]]):
    """The members of a JSON object, in its order, also those of one name."""
