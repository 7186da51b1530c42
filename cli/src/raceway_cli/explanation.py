"""One item in full: `--explain FINGERPRINT`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from raceway_cli.reported.item import Item, named
from raceway_cli.show.finding import finding_text
from raceway_core.errors import Rejected
from raceway_core.finding_view import FindingView

_MOST_KNOWN = 50


def explanation_text(items: Sequence[Item], findings: Sequence[FindingView], prefix: str) -> str:
    """Return all that is known of the item whose fingerprint, or the only one whose, begins so.

    Raises:
        Rejected: There is none or are several; the message lists those there are.
    """
    found = named(items, prefix) if prefix else []
    if len(found) != 1:
        raise Rejected(_refusal(items, found, prefix))
    item = found[0]
    full = [finding for finding in findings if finding.fingerprint == item.fingerprint]
    text = finding_text(full[0], examples=len(full[0].examples)) if full else _anomaly_text(item)
    aliases = f"\n    also known as {', '.join(item.aliases)}" if item.aliases else ""
    return text + aliases


def _anomaly_text(item: Item) -> str:
    return (
        f"{click.style(item.title, bold=True)}  [{item.severity.value}]  {item.fingerprint}\n{item.evidence}"
    )


def _refusal(items: Sequence[Item], found: Sequence[Item], prefix: str) -> str:
    if not items:
        return f"nothing has the fingerprint {prefix!r}, for nothing was found"
    said = (
        f"several fingerprints begin with {prefix!r}" if found else f"nothing has the fingerprint {prefix!r}"
    )
    shown = (found or items)[:_MOST_KNOWN]
    lines = [f"\n  {item.fingerprint}  {item.title}" for item in shown]
    left = len(found or items) - len(shown)
    more = f"\n  … and {left:,} more" if left else ""
    return f"{said}; there are{''.join(lines)}{more}"
