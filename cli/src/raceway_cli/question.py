"""Options with a number in them: `GET /users=0.5`, `charge=200ms`, `30m`."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

import click

_UNITS_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_LONG_UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_LONGEST_S = 100 * 365 * 86_400


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


class _Duration(click.ParamType[float]):
    """A number with one of the units, in seconds."""

    name = "DURATION"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = float(value[:-1]) * _LONG_UNITS_S[value[-1:]]
        except (ValueError, KeyError):
            seconds = -1
        if not 0 <= seconds <= _LONGEST_S:
            self.fail(f"expected a duration such as 90s, 30m, 2h or 1d, got {value!r}", param, ctx)
        return seconds


DURATION = _Duration()
