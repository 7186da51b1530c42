r"""Where the events of a ShiViz log stand: as GoVector writes them, or as a pattern says.

GoVector writes two lines for an event, `host {clock}` and its text; some tools write the text first.
Which it is shows at the ends of the file. A line that is neither is skipped.

A pattern is a regular expression with the groups `host`, `clock` and, if it likes, `event`, spelled
`(?P<host>…)` or, as ShiViz does, `(?<host>…)`; `^` and `$` are those of a line. It is searched over
the whole text, what it does not match is skipped.

Source: ShiViz, "Log parsing regular expression".
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from raceway_core.errors import Rejected

_CLOCK = re.compile(r"\s*(?P<host>[^\s\[{\"]\S*)\s+(?P<clock>\{(?:.*\}|[^}]*+))\s*")
_SPELLED = re.compile(r"\\k<(?P<name>[A-Za-z_]\w*)>|\\.|(?P<group>\(\?<)(?=[A-Za-z_])", re.DOTALL)


class Entry(NamedTuple):
    """An event as it stands in the file; `line` is that of its clock."""

    line: int
    host: str
    clock: str
    text: str


class Entries(NamedTuple):
    """The events of a file, in its order, and how many lines that are not empty belong to none."""

    entries: list[Entry]
    skipped_lines: int


def entries_of(lines: Sequence[str], pattern: str | None = None) -> Entries:
    """Return the events of a log's lines. Time: O(n), or what the pattern costs.

    Raises:
        Rejected: The pattern is none or lacks a group.
    """
    ended = [*lines, ""]
    return _written(ended) if pattern is None else _matched(ended, _compiled(pattern))


def _written(lines: Sequence[str]) -> Entries:
    clocks = [_CLOCK.fullmatch(line) for line in lines]
    used = bytearray(not line.strip() for line in lines)
    entries = []
    for clock, event in _pairs(clocks, text_first=_is_text_first(lines, clocks)):
        match = clocks[clock]
        if match is not None:
            used[clock] = used[event] = 1
            entries.append(Entry(clock + 1, match["host"], match["clock"], lines[event].strip()))
    return Entries(entries, used.count(0))


def _pairs(clocks: Sequence[re.Match[str] | None], *, text_first: bool) -> Iterator[tuple[int, int]]:
    """Yield the lines of the clock and the text of each event."""
    line = 0
    while line < len(clocks):
        clock, event = (line + 1, line) if text_first else (line, line + 1)
        if clock < len(clocks) and clocks[clock]:
            yield clock, event
            line += 2
        else:
            line += 1


def _is_text_first(lines: Sequence[str], clocks: Sequence[re.Match[str] | None]) -> bool:
    written = [number for number, line in enumerate(lines) if line.strip()]
    return bool(written) and not clocks[written[0]] and clocks[written[-1]] is not None


def _matched(lines: Sequence[str], pattern: re.Pattern[str]) -> Entries:
    text = "\n".join(lines)
    breaks = [match.start() for match in re.finditer("\n", text)]
    used = bytearray(not line.strip() for line in lines)
    entries = []
    for match in pattern.finditer(text):
        if match["host"] is None or match["clock"] is None:
            continue
        first, last = (
            bisect_left(breaks, match.start()),
            bisect_left(breaks, max(match.start(), match.end() - 1)),
        )
        used[first : last + 1] = b"\x01" * (last + 1 - first)
        said = match.groupdict().get("event") or ""
        line = bisect_left(breaks, match.start("clock")) + 1
        entries.append(Entry(line, match["host"], match["clock"], said.strip()))
    return Entries(entries, used.count(0))


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(_SPELLED.sub(_in_python, pattern), re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise Rejected(f"--pattern: expected a regular expression: {error}") from error
    if missing := {"host", "clock"} - compiled.groupindex.keys():
        raise Rejected(f"--pattern: expected the named groups host and clock, found no {min(missing)}")
    return compiled


def _in_python(match: re.Match[str]) -> str:
    if match["name"]:
        return f"(?P={match['name']})"
    return "(?P<" if match["group"] else match[0]
