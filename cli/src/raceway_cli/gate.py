"""What `raceway check` does: what was found against what is known, and whether a change may go in."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from raceway_cli.baseline_file import Baseline, Comparison, compare, read_baseline, updated, write_baseline
from raceway_cli.client import Client
from raceway_cli.idle import wait_idle
from raceway_cli.reported.item import Item
from raceway_cli.reported.items import Found
from raceway_cli.reported.server import ServerAnswers, found_on_server
from raceway_cli.show.finding import counted
from raceway_core.errors import Rejected

_MOST_ANOMALIES = 10_000


class Server(NamedTuple):
    """A running Raceway, how far back to look, and how long to wait until it has analyzed everything.

    `limits_ns` are by name of operation what it may take at most.
    """

    url: str
    key: str | None
    last_s: float
    wait_s: float
    limits_ns: Mapping[str, int]


def ask_server(server: Server, *, now_ns: int | None = None) -> Found:
    """Return what a server found in the events of the last time, once it is at rest.

    Raises:
        Rejected: It has no events of that time: a check of nothing would pass whatever the code does.
        Retryable: It does not answer, or does not come to rest.
    """
    since_ns = (time.time_ns() if now_ns is None else now_ns) - round(server.last_s * 1_000_000_000)
    with Client(server.url, key=server.key) as client:
        wait_idle(client, timeout_s=server.wait_s)
        newest = client.traces(most=1)
        if not newest or int(newest[0].last_ns) < since_ns:
            raise Rejected(
                f"{server.url} has no events of the last {server.last_s:g} s, so nothing was checked"
            )
        answers = ServerAnswers(
            list(client.findings(with_hidden=True, since_ns=since_ns)),
            client.isolation(since_ns=since_ns),
            client.anomalies(most=_MOST_ANOMALIES, since_ns=since_ns, limits_ns=server.limits_ns),
        )
    return found_on_server(answers)


def comparison(items: Sequence[Item], path: Path | None) -> Comparison:
    """Return what is new, known and gone; without a baseline all is new.

    Raises:
        Rejected: The baseline cannot be read.
    """
    return compare(items, Baseline() if path is None else read_baseline(path))


def update(items: Sequence[Item], path: Path) -> str:
    """Write a baseline that knows `items`, and return what changed, in a line.

    Raises:
        Rejected: The baseline that is there cannot be read, or the new one not written.
    """
    before = read_baseline(path) if path.exists() else Baseline()
    after = updated(before, items)
    write_baseline(path, after)
    old, new = ({entry.fingerprint for entry in baseline.findings} for baseline in (before, after))
    return f"{path}: {len(new - old):,} added, {len(old - new):,} removed, {len(old & new):,} kept"


def comparison_text(found: Comparison, failing: frozenset[str], fail_on: str) -> str:
    """Return what is new with all evidence, and what is gone, styled for a terminal."""
    parts = [_new_text(item, is_failing=item.fingerprint in failing) for item in found.new]
    if found.gone:
        lines = [f"  {entry.fingerprint}  {entry.summary}" for entry in found.gone]
        parts.append("fixed, or not met this time; --update-baseline forgets them:\n" + "\n".join(lines))
    colour = "red" if failing else "green"
    verdict = f"{counted(len(failing), 'new finding')} at or above {fail_on}"
    rest = len(found.new) - len(failing)
    counts = [f"{rest:,} new below it"] * bool(rest)
    counts += [f"{len(found.known):,} known", f"{len(found.gone):,} fixed"]
    parts.append(f"{click.style(verdict, fg=colour, bold=True)}, {', '.join(counts)}")
    return "\n\n".join(parts)


def _new_text(item: Item, *, is_failing: bool) -> str:
    return item.evidence if is_failing else f"{item.evidence}\n    does not fail this check"
