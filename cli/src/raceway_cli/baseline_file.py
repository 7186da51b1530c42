"""The faults that a project knows of and lives with, in a file that is committed.

Entries stand by fingerprint, and one that is still found is kept as it was written, so that an update
changes only what changed. A fault is known when any name of it, its fingerprint or an alias, is a name of
an entry: a race that turns out to be a lost update, or one that is not proven this time, is not new.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import msgspec

from raceway_cli.reported.item import Item, Kind
from raceway_core.errors import Rejected
from raceway_core.identity import pattern_of

_EXPECTED = 'a baseline {"version": 1, "findings": [{"fingerprint", "kind", "summary"}]}'


class Entry(msgspec.Struct, frozen=True):
    """One known fault."""

    fingerprint: str
    kind: Kind
    summary: str
    aliases: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """All fingerprints under which it is known."""
        return frozenset((self.fingerprint, *self.aliases))


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """The file. `version` is that of its form."""

    version: Literal[1] = 1
    findings: tuple[Entry, ...] = ()


class Comparison(NamedTuple):
    """What was found, against a baseline. `gone` are entries of which nothing was found."""

    new: Sequence[Item]
    known: Sequence[Item]
    gone: Sequence[Entry]


def read_baseline(path: Path) -> Baseline:
    """Return the baseline of a file.

    Raises:
        Rejected: There is none, or the file is no baseline; the message names it.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Baseline)
    except FileNotFoundError as error:
        raise Rejected(f"{path}: there is no such baseline; --update-baseline writes one") from error
    except OSError as error:
        raise Rejected(f"{path}: cannot be read: {error.strerror or error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected(f"{path}: expected {_EXPECTED}: {error}") from error


def write_baseline(path: Path, baseline: Baseline) -> None:
    """Write the file.

    Raises:
        Rejected: It cannot be written; the message names it.
    """
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(baseline), indent=2) + b"\n")
    except OSError as error:
        raise Rejected(f"{path}: cannot be written: {error.strerror or error}") from error


def compare(items: Iterable[Item], baseline: Baseline) -> Comparison:
    """Return what is new, known and gone; a hidden item is not new, and what it is known as is not gone."""
    names = frozenset(name for entry in baseline.findings for name in entry.names)
    everything = list(items)
    found = frozenset(name for item in everything for name in item.names)
    shown = [item for item in everything if not item.is_hidden]
    return Comparison(
        new=[item for item in shown if not item.names & names],
        known=[item for item in shown if item.names & names],
        gone=[entry for entry in baseline.findings if not entry.names & found],
    )


def updated(baseline: Baseline, items: Iterable[Item]) -> Baseline:
    """Return the baseline that knows what is found, as far as it is shown or was known before.

    An entry that is only another name of what is shown becomes its alias, so that nothing has two entries.
    """
    found = list(items)
    shown = {item.fingerprint: item for item in found if not item.is_hidden}
    hidden = frozenset(name for item in found if item.is_hidden for name in item.names)
    heirs = _heirs(shown.values())
    kept: dict[str, Entry] = {}
    inherited: defaultdict[str, list[Entry]] = defaultdict(list)
    for entry in baseline.findings:
        own = {entry.fingerprint} & shown.keys()
        for heir in own or {heir for name in entry.names for heir in heirs.get(name, ())}:
            inherited[heir].append(entry)
        if entry.names & hidden and entry.names.isdisjoint(heirs):
            kept[entry.fingerprint] = entry
    kept |= {name: _entry(item, inherited[name]) for name, item in shown.items()}
    return Baseline(findings=tuple(kept[fingerprint] for fingerprint in sorted(kept)))


def _heirs(items: Iterable[Item]) -> Mapping[str, Sequence[str]]:
    """Return the fingerprints of the items that have a name, by name."""
    heirs: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        for name in item.names:
            heirs[name].append(item.fingerprint)
    return heirs


def _entry(item: Item, before: Sequence[Entry]) -> Entry:
    names = frozenset(name for entry in before for name in entry.names) | item.names
    aliases = tuple(sorted(names - {item.fingerprint}))
    for entry in before:
        if (entry.fingerprint, entry.kind) == (item.fingerprint, item.kind):
            return msgspec.structs.replace(entry, aliases=aliases)
    where = f" in {', '.join(item.services)}" if any(item.services) else ""
    what = item.kind.value.replace("-", " ")
    return Entry(item.fingerprint, item.kind, f"{what} of {pattern_of(item.subject)}{where}", aliases)
