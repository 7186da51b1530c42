"""Items as a SARIF log, for code hosts and editors that show findings at their lines.

A result's first location is one of the accesses; the others are related locations. What has no place in
the code stands at the file that was analyzed. `partialFingerprints` has the finding's own fingerprint, so
that a host knows it again when lines move.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import msgspec

from raceway_cli.output.rule import RULES
from raceway_cli.output.sarif_document import (
    SCHEMA,
    ArtifactLocation,
    BaselineState,
    Configuration,
    Driver,
    Level,
    Location,
    Log,
    LogicalLocation,
    Message,
    PhysicalLocation,
    Region,
    Result,
    RuleDescriptor,
    Run,
    Tool,
)
from raceway_cli.output.source_file import SourcePlace, source_place
from raceway_cli.reported.item import Item, Spot
from raceway_core.finding import Severity

FINGERPRINT = "raceway/v1"
_LEVELS: Mapping[Severity, Level] = {
    Severity.CRITICAL: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "note",
}
_INDEX = {kind: index for index, kind in enumerate(RULES)}


def sarif_log(
    items: Sequence[Item], *, project: Path, files: Sequence[str] = (), known: Collection[str] | None = None
) -> bytes:
    """Return the log of items.

    `project` is the folder that places are relative to, `files` are those that were analyzed, and `known`
    the fingerprints that a baseline knows, if there is one.
    """
    scene = _Scene(project, files, known)
    driver = Driver(name="Raceway", semantic_version=version("raceway-cli"), rules=_rules())
    run = Run(
        tool=Tool(driver=driver), column_kind="unicodeCodePoints", results=tuple(map(scene.result, items))
    )
    log = Log(schema=SCHEMA, version="2.1.0", runs=(run,))
    return msgspec.json.format(msgspec.json.encode(log), indent=2) + b"\n"


class _Scene(NamedTuple):
    """What is known beside the items."""

    project: Path
    files: Sequence[str]
    known: Collection[str] | None

    def result(self, item: Item) -> Result:
        first, *others = [self._location(spot) for spot in item.spots] or [self._file()]
        related = [msgspec.structs.replace(one, id=number) for number, one in enumerate(others, start=1)]
        return Result(
            rule_id=item.kind.value,
            rule_index=_INDEX[item.kind],
            level=_LEVELS[item.severity],
            message=Message(text=f"{item.title}\n{item.message}"),
            locations=(first,),
            related_locations=tuple(related),
            partial_fingerprints={FINGERPRINT: item.fingerprint},
            baseline_state=self._state(item),
            properties=_properties(item),
        )

    def _state(self, item: Item) -> BaselineState | None:
        if self.known is None:
            return None
        return "unchanged" if item.fingerprint in self.known else "new"

    def _location(self, spot: Spot) -> Location:
        place = source_place(spot.location, self.project)
        if place is None:
            return self._file()
        function = (LogicalLocation(name=place.function, kind="function"),) if place.function else ()
        return Location(
            physical_location=_physical(place), logical_locations=function, message=Message(text=spot.what)
        )

    def _file(self) -> Location:
        """Return the place of what has none in the code."""
        place = source_place(self.files[0], self.project) if len(self.files) == 1 else None
        if place is None:
            return Location(logical_locations=(LogicalLocation(name="recorded events", kind="data"),))
        return Location(physical_location=_physical(place))


def _physical(place: SourcePlace) -> PhysicalLocation:
    return PhysicalLocation(
        artifact_location=ArtifactLocation(uri=place.uri, uri_base_id="%SRCROOT%"),
        region=Region(start_line=place.line) if place.line else None,
    )


def _properties(item: Item) -> dict[str, str | list[str]]:
    properties: dict[str, str | list[str]] = {"severity": item.severity.value, "subject": item.subject}
    if item.verdict:
        properties["verdict"] = item.verdict.value
    if item.aliases:
        properties["aliases"] = [*item.aliases]
    return properties


def _rules() -> tuple[RuleDescriptor, ...]:
    return tuple(
        RuleDescriptor(
            id=kind.value,
            name=rule.name,
            short_description=Message(text=rule.short),
            full_description=Message(text=rule.full),
            help=Message(text=f"{rule.full}\n\nRemedy: {rule.help}"),
            default_configuration=Configuration(level="warning"),
        )
        for kind, rule in RULES.items()
    )
