"""Findings as items: races, lost updates, deadlocks."""

from __future__ import annotations

from collections.abc import Iterator

from raceway_cli.reported.item import Item, Kind, Spot
from raceway_cli.show.finding import finding_text
from raceway_core.finding import FindingKind, Verdict
from raceway_core.finding_view import AccessView, ExampleView, FindingView
from raceway_core.runner import told_apart

_KINDS = {
    FindingKind.RACE: Kind.RACE,
    FindingKind.LOST_UPDATE: Kind.LOST_UPDATE,
    FindingKind.DEADLOCK: Kind.DEADLOCK,
}


def item_of_finding(finding: FindingView) -> Item:
    """Return a finding as an item."""
    return Item(
        fingerprint=finding.fingerprint,
        kind=kind_of(finding),
        verdict=finding.verdict,
        severity=finding.severity,
        subject=finding.variable,
        summary=finding.summary,
        message=" ".join(filter(None, (_sentence(finding.summary), finding.missing_edge, finding.fix))),
        evidence=finding_text(finding),
        services=finding.services,
        aliases=finding.aliases,
        spots=tuple(dict.fromkeys(spot for example in finding.examples[:1] for spot in _spots(example))),
        is_hidden=finding.hidden,
    )


def kind_of(finding: FindingView) -> Kind:
    """Return the kind; a lost update that is only possible was predicted, not seen."""
    if finding.kind is FindingKind.LOST_UPDATE and finding.verdict is Verdict.POSSIBLE:
        return Kind.PREDICTED_LOST_UPDATE
    return _KINDS[finding.kind]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _spots(example: ExampleView) -> Iterator[Spot]:
    accesses = (example.second, example.first, *example.witness)
    places = (example.second.location, example.first.location)
    names = told_apart([access.runner for access in accesses], places)
    for access, name in zip(accesses, names, strict=True):
        if access.location:
            yield Spot(access.location, _what(access, name))


def _what(access: AccessView, name: str) -> str:
    who = f" by {name}" if access.thread_id else ""
    return f"{access.access_type.value.lower()} of {access.variable}{who}"
