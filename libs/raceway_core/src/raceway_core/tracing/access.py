"""Accesses that a program records in its spans: an event named `raceway.access`.

    attribute   what it says
    variable    the name of the variable
    op          `Read`, `Write`, `AtomicRead`, `AtomicWrite` or `AtomicRMW`, in any case
    lock_set    the locks held, as an array of texts
    old_value, new_value, version, scope, location    as in a StateChange, where known

Where no location is given the name of the span tells where it was.

Tracers name neither threads nor tasks, so who holds a lock must say so at each access.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import UNSET

from raceway_core.errors import Rejected
from raceway_core.event import AccessType, JsonValue, Scope, StateChange

EVENT_NAME = "raceway.access"

_OPERATIONS = {access_type.value.lower(): access_type for access_type in AccessType}
_SCOPES = {scope.value: scope for scope in Scope}

_T = TypeVar("_T")


def access_of(said: Mapping[str, JsonValue], operation: str) -> tuple[StateChange, tuple[str, ...]]:
    """Return the access that the attributes of a span's event describe, and the locks held.

    `operation` is the name of the span.

    Raises:
        Rejected: They describe none; the message names the attribute and what was expected.
    """
    variable = said.get("variable")
    if type(variable) is not str or not variable:
        raise Rejected(f"variable: expected the name of a variable, got {_shown(variable)}")
    scope = None if said.get("scope") is None else _chosen("scope", said["scope"], _SCOPES)
    change = StateChange(
        variable=variable,
        access_type=_chosen("op", said.get("op"), _OPERATIONS),
        old_value=said.get("old_value", UNSET),
        new_value=said.get("new_value", UNSET),
        location=_text("location", said.get("location", operation)),
        scope=scope,
        version=_version(said.get("version")),
    )
    return change, _locks(said.get("lock_set"))


def _chosen(field: str, value: JsonValue, choices: Mapping[str, _T]) -> _T:
    chosen = choices.get(value.lower()) if type(value) is str else None
    if chosen is None:
        raise Rejected(f"{field}: expected one of {' '.join(choices)}, got {_shown(value)}")
    return chosen


def _text(field: str, value: JsonValue) -> str:
    if type(value) is not str:
        raise Rejected(f"{field}: expected text, got {_shown(value)}")
    return value


def _version(value: JsonValue) -> int | None:
    if type(value) is str and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    if value is None or (type(value) is int and 0 <= value < 2**63):
        return value
    raise Rejected(f"version: expected a count, got {_shown(value)}")


def _locks(value: JsonValue) -> tuple[str, ...]:
    if value is None:
        return ()
    names = value if type(value) is list else [value]
    return tuple(_text("lock_set", name) for name in names)


def _shown(value: JsonValue) -> str:
    return "nothing" if value is None else msgspec.json.encode(value).decode()[:40]
