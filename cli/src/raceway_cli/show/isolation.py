"""What a history proves, as a person reads it: the levels it refutes, then each anomaly as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from raceway_cli.show.finding import counted
from raceway_core.isolation.history import Anomaly, Cut, CycleEdge, Isolation

_MOST_SHOWN = 20

MEANINGS = {
    "G0": "dirty write: transactions overwrote each other in a circle",
    "G1a": "aborted read: a value that was rolled back",
    "G1b": "intermediate read: a value that was not its transaction's last",
    "G1c": "circular reads: each saw what the other wrote",
    "G-single": "read skew: a part of another transaction was seen, and a part missed",
    "G-nonadjacent": "several saw different parts of each other",
    "G2-item": "write skew: each read what the other overwrote",
    "lost-update": "one overwrote the other without having seen it",
    "non-repeatable-read": "two reads of one key in one transaction differ",
    "stale-read": "an old version was read though a newer one was visible",
    "internal": "a read does not follow from the transaction's own accesses before it",
}

CUT: dict[Cut, str] = {
    "visibility": "this history has too much to compare everything: more levels may be refuted",
    "cycles": "these are not all: of the levels nothing is missing, but not every cycle is shown",
}


def isolation_text(isolation: Isolation) -> str:
    """Return the section, styled for a terminal."""
    parts = [_verdict(isolation)]
    parts += [anomaly_text(anomaly) for anomaly in isolation.anomalies[:_MOST_SHOWN]]
    if (left := len(isolation.anomalies) - _MOST_SHOWN) > 0:
        parts.append(f"… {left:,} more with --json")
    if isolation.unrecoverable_keys:
        parts.append(_unrecoverable(isolation.unrecoverable_keys))
    parts += [CUT[cut] for cut in isolation.cut]
    return "\n\n".join(parts)


def _verdict(isolation: Isolation) -> str:
    size = counted(isolation.transactions, "transaction")
    if not isolation.refuted_levels:
        return f"{size}: " + click.style("no level is refuted", fg="green")
    refuted = click.style(f"not {', not '.join(isolation.refuted_levels)}", fg="red", bold=True)
    return f"{size}: {refuted}"


def anomaly_text(anomaly: Anomaly) -> str:
    """Return one anomaly, styled for a terminal."""
    name = click.style(anomaly.name, fg="red", bold=True)
    lines = [
        f"{name}  {_listed(anomaly.transactions)}  on {_listed(anomaly.keys)}",
        f"  {MEANINGS[anomaly.name]}",
        *(f"    {line}" for line in _steps(anomaly.cycle)),
    ]
    return "\n".join(lines)


def _steps(cycle: Sequence[CycleEdge]) -> Iterator[str]:
    for edge in cycle[:_MOST_SHOWN]:
        yield f"{edge.source} comes before {edge.target}: {_reason(edge)}"
    if (left := len(cycle) - _MOST_SHOWN) > 0:
        yield f"… {left:,} more with --json"


def _reason(edge: CycleEdge) -> str:
    match edge.edge:
        case "so":
            return f"{edge.target} follows in its session"
        case "wr":
            return f"{edge.target} read the {edge.key} that {edge.source} wrote"
        case "ww":
            return f"{edge.target} wrote a later {edge.key} than {edge.source}"
        case "rw":
            return f"{edge.source} read {edge.key} without the write of {edge.target}"


def _unrecoverable(keys: Sequence[str]) -> str:
    return f"nothing is concluded from {_listed(keys)}: who wrote what was read there cannot be told"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_SHOWN:,} more" if len(names) > _MOST_SHOWN else ""
    return ", ".join(names[:_MOST_SHOWN]) + more
