"""A batch of rows as one JSON text, for SQLite, which has no arrays.

`json_each` makes rows of a JSON array, but each value that is taken out of a row costs as much as an
update does. So only what must travels in the rows:

    what is the same in all rows     is bound once
    bytes of one length              are bound in one piece, from which each row cuts its part
    one column that is left          is the array itself
    several columns                  are arrays in it

JSON cannot carry bytes; those of several lengths travel in one piece too, and the rows say where each
is cut.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

import msgspec

from raceway_common.database.kind import BYTES, Kind, Scalar, Values

_PAD = b"\x00"
"""Before pieces of several lengths: SQLite takes what is cut from nothing for null, be it empty."""


class Form(Enum):
    """How a column travels."""

    SAME = "same"
    EVEN = "even"
    LISTED = "listed"


def forms_of(columns: Mapping[str, Kind], table: Sequence[Values]) -> tuple[Form, ...]:
    """Return how each column of a batch is to travel; `table` has the columns' values."""
    return tuple([_form_of(kind, values) for kind, values in zip(columns.values(), table, strict=True)])


def _form_of(kind: Kind, values: Values) -> Form:
    if values and values.count(values[0]) == len(values):
        return Form.SAME
    is_even = kind is BYTES and None not in values and len(set(map(len, _pieces(values)))) == 1
    return Form.EVEN if is_even else Form.LISTED


def _pieces(values: Values) -> list[bytes]:
    return [value for value in values if isinstance(value, bytes)]


def json_rows(columns: Mapping[str, Kind], forms: Sequence[Form]) -> str:
    """Return the table `r` of a batch in these forms, in SQL."""
    places = _Places(sum(1 for _ in _listed(columns, forms)))
    parts = [f"{places.next(name, kind, form)} as {name}" for (name, kind), form in _each(columns, forms)]
    return f"(select {', '.join(parts)} from json_each(:r_rows)) as r"  # noqa: S608 - the names are ours


class _Places:
    """Where in the rows the values stand."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._place = 0

    def next(self, name: str, kind: Kind, form: Form) -> str:
        if form is Form.SAME:
            return f":r_{name}"
        if form is Form.EVEN:
            return f"substr(:r_{name}, key * :r_{name}_length + 1, :r_{name}_length)"
        if kind is BYTES:
            return f"substr(:r_{name}, {self._value()}, {self._value()})"
        return self._value()

    def _value(self) -> str:
        place, self._place = self._place, self._place + 1
        return "value" if self._size == 1 else f"json_extract(value, '$[{place}]')"


def bind_json(
    columns: Mapping[str, Kind], forms: Sequence[Form], table: Sequence[Values]
) -> dict[str, object]:
    """Return the parameters of a batch in these forms."""
    bound: dict[str, object] = {}
    listed: list[Sequence[Scalar]] = []
    for ((name, kind), form), values in zip(_each(columns, forms), table, strict=True):
        if form is Form.SAME:
            bound[f"r_{name}"] = values[0]
        elif kind is BYTES:
            pieces = _pieces(values)
            if form is Form.EVEN:
                bound |= {f"r_{name}": b"".join(pieces), f"r_{name}_length": len(pieces[0])}
            else:
                bound[f"r_{name}"] = _PAD + b"".join(pieces)
                listed += _cuts(values)
        else:
            listed.append(values)
    bound["r_rows"] = msgspec.json.encode(_rows(listed, len(table[0]))).decode()
    return bound


def _rows(listed: Sequence[Sequence[Scalar]], length: int) -> Sequence[object]:
    if not listed:
        return [0] * length
    return listed[0] if len(listed) == 1 else list(zip(*listed, strict=True))


def _cuts(values: Values) -> tuple[list[Scalar], list[Scalar]]:
    """Return where each value begins, counted from 1, and how long it is."""
    begins: list[Scalar] = []
    lengths: list[Scalar] = []
    begin = 1 + len(_PAD)
    for value in values:
        length = len(value) if isinstance(value, bytes) else None
        begins.append(begin if length is not None else None)
        lengths.append(length)
        begin += length or 0
    return begins, lengths


def _each(columns: Mapping[str, Kind], forms: Sequence[Form]) -> Iterator[tuple[tuple[str, Kind], Form]]:
    return zip(columns.items(), forms, strict=True)


def _listed(columns: Mapping[str, Kind], forms: Sequence[Form]) -> Iterator[None]:
    """Yield once for each value that a row carries."""
    for (_, kind), form in _each(columns, forms):
        if form is Form.LISTED:
            yield from [None] * (2 if kind is BYTES else 1)
