"""One thing that Raceway reports, whatever analysis found it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import NamedTuple

from raceway_core.finding import Severity, Verdict

LEVELS = (
    *(verdict.value for verdict in Verdict if verdict is not Verdict.GUARDED),
    *(severity.value for severity in Severity),
)
"""What --fail-on takes: a verdict, or a severity."""


class Kind(Enum):
    """What kind of fault it is."""

    RACE = "race"
    LOST_UPDATE = "lost-update"
    PREDICTED_LOST_UPDATE = "predicted-lost-update"
    DEADLOCK = "deadlock"
    ISOLATION = "isolation-anomaly"
    LATENCY = "latency-anomaly"
    ERRORS = "error-rate-anomaly"
    REGRESSION = "regression"


class Spot(NamedTuple):
    """A place in the code, `path:line function` as far as it is known, and what happened there."""

    location: str
    what: str


class Item(NamedTuple):
    """One fault. `aliases` are other names of it; only anomalies of time have no verdict.

    `title` and `summary` are a line each, `message` says all that a reader needs in a paragraph, and
    `evidence` shows it in lines, styled for a terminal. `subject` is what it is about, such as a variable.
    """

    fingerprint: str
    kind: Kind
    verdict: Verdict | None
    severity: Severity
    subject: str
    summary: str
    message: str
    evidence: str
    services: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    spots: tuple[Spot, ...] = ()
    is_hidden: bool = False

    @property
    def title(self) -> str:
        """The fault in a line."""
        is_told = self.verdict is None or self.kind is Kind.PREDICTED_LOST_UPDATE
        verdict = "" if self.verdict is None or is_told else f"{self.verdict.value} "
        return f"{verdict}{self.kind.value.replace('-', ' ')}: {self.subject}"

    @property
    def names(self) -> frozenset[str]:
        """All fingerprints under which it may be known."""
        return frozenset((self.fingerprint, *self.aliases))

    def is_at_least(self, level: str) -> bool:
        """Tell whether it is as strong as the named verdict, or as bad as the named severity."""
        if level in {severity.value for severity in Severity}:
            return self.severity.rank <= Severity(level).rank
        return self.verdict is not None and self.verdict.rank <= Verdict(level).rank


def any_at_least(items: Iterable[Item], level: str) -> bool:
    """Tell whether any item is at least of that level."""
    return any(item.is_at_least(level) for item in items)


def named(items: Sequence[Item], prefix: str) -> list[Item]:
    """Return the items that have a fingerprint, or of which one begins so."""
    exact = [item for item in items if prefix in item.names]
    return exact or [item for item in items if any(name.startswith(prefix) for name in item.names)]
