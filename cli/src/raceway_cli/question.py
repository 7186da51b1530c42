"""Options that name an operation and a number: `GET /users=0.5`, `charge=200ms`."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import click

_UNITS_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}


class NamedNumber(NamedTuple):
    """An operation and what is said of it."""

    name: str
    number: float


class _Assignment(click.ParamType[NamedNumber]):
    """`NAME=NUMBER`, cut at the last `=`; the number may be followed by one of the units."""

    def __init__(self, name: str, example: str, units: dict[str, int]) -> None:
        self.name = name
        self._example = example
        self._units = units

    def convert(
        self, value: str | NamedNumber, param: click.Parameter | None, ctx: click.Context | None
    ) -> NamedNumber:
        if isinstance(value, NamedNumber):
            return value
        name, _, text = value.rpartition("=")
        unit = max((unit for unit in self._units if text.endswith(unit)), key=len, default="")
        try:
            number = float(text.removesuffix(unit)) * self._units[unit]
        except (ValueError, KeyError):
            number = -1
        if not name or number < 0 or not isfinite(number):
            self.fail(f"expected {self.name} such as {self._example}, got {value!r}", param, ctx)
        return NamedNumber(name, number)


FACTOR_OF = _Assignment("NAME=FACTOR", "charge=0.5", {"": 1})
DURATION_OF = _Assignment("NAME=DURATION", "charge=200ms", _UNITS_NS)
