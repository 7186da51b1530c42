"""The part of SARIF 2.1.0 that Raceway writes, as typed structs.

Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Level: TypeAlias = Literal["error", "warning", "note"]
BaselineState: TypeAlias = Literal["new", "unchanged"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


class _Object(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """Base of the objects: what is unknown is left out."""


class Message(_Object, frozen=True, kw_only=True):
    text: str


class ArtifactLocation(_Object, frozen=True, kw_only=True):
    uri: str
    uri_base_id: str | None = None


class Region(_Object, frozen=True, kw_only=True):
    start_line: int


class PhysicalLocation(_Object, frozen=True, kw_only=True):
    artifact_location: ArtifactLocation
    region: Region | None = None


class LogicalLocation(_Object, frozen=True, kw_only=True):
    name: str
    kind: str


class Location(_Object, frozen=True, kw_only=True):
    id: int | None = None
    physical_location: PhysicalLocation | None = None
    logical_locations: tuple[LogicalLocation, ...] = ()
    message: Message | None = None


class Result(_Object, frozen=True, kw_only=True):
    rule_id: str
    rule_index: int | None = None
    level: Level | None = None
    message: Message
    locations: tuple[Location, ...] = ()
    related_locations: tuple[Location, ...] = ()
    partial_fingerprints: dict[str, str]
    baseline_state: BaselineState | None = None
    properties: dict[str, str | list[str]]


class Configuration(_Object, frozen=True, kw_only=True):
    level: Level | None = None


class RuleDescriptor(_Object, frozen=True, kw_only=True):
    id: str
    name: str
    short_description: Message
    full_description: Message
    help: Message
    default_configuration: Configuration


class Driver(_Object, frozen=True, kw_only=True):
    name: str
    semantic_version: str
    rules: tuple[RuleDescriptor, ...]


class Tool(_Object, frozen=True, kw_only=True):
    driver: Driver


class Run(_Object, frozen=True, kw_only=True):
    tool: Tool
    column_kind: str
    results: tuple[Result, ...]


class Log(_Object, frozen=True, kw_only=True):
    schema: str = msgspec.field(name="$schema")
    version: str
    runs: tuple[Run, ...]
