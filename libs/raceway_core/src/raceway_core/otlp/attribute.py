"""Values of OTLP as plain ones: attributes and 64-bit integers."""

from __future__ import annotations

from collections.abc import Iterable
from math import isfinite

from raceway_core.errors import Rejected
from raceway_core.event import JsonValue
from raceway_core.otlp.document import AnyValue, Fixed64, KeyValue

_MOST_LEVELS = 32


def values_of(path: str, attributes: Iterable[KeyValue] | None) -> dict[str, JsonValue]:
    """Return the attributes at a path of the document by key, of several with one key the last.

    Raises:
        Rejected: A value is nested more than 32 levels deep, or is no number where it says so.
    """
    try:
        return {attribute.key: _value(attribute.value, _MOST_LEVELS) for attribute in attributes or ()}
    except Rejected as error:
        raise Rejected(f"{path}: {error}") from error


def unsigned(path: str, value: Fixed64) -> int:
    """Return the unsigned 64-bit integer at a path of the document; nothing is 0.

    Raises:
        Rejected: It is none.
    """
    number = _integer(value)
    if number is None or not 0 <= number < 2**64:
        raise Rejected(f"{path}: expected an unsigned 64-bit integer, got {value!r:.40}")
    return number


def _integer(value: Fixed64) -> int | None:
    match value:
        case None | "":
            return 0
        case int():
            return value
        case float():
            return int(value) if isfinite(value) and value == int(value) else None
    digits = value.removeprefix("-")
    return int(value) if len(value) <= 20 and digits.isascii() and digits.isdigit() else None


def _value(value: AnyValue | None, levels: int) -> JsonValue:
    if value is None:
        return None
    if not levels:
        raise Rejected(f"expected at most {_MOST_LEVELS} levels of nested values")
    if value.string_value is not None:
        return value.string_value
    if value.bool_value is not None:
        return value.bool_value
    if value.array_value is not None:
        return [_value(item, levels - 1) for item in value.array_value.values or ()]
    if value.kvlist_value is not None:
        items = value.kvlist_value.values or ()
        return {item.key: _value(item.value, levels - 1) for item in items}
    return _number(value)


def _number(value: AnyValue) -> JsonValue:
    if value.int_value is not None:
        number = _integer(value.int_value)
        if number is None or not -(2**63) <= number < 2**63:
            raise Rejected(f"expected a 64-bit integer as intValue, got {value.int_value!r:.40}")
        return number
    if value.double_value is not None:
        try:
            double = float(value.double_value)
        except (ValueError, OverflowError):
            return str(value.double_value)
        return double if isfinite(double) else str(double)
    return value.bytes_value
