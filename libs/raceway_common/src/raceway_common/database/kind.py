"""The types of the columns of a batch, and of their values."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeAlias

Scalar: TypeAlias = str | int | bytes | bool | None
Values: TypeAlias = Sequence[Scalar]


class Kind(Enum):
    """The type of a column of a batch, by its name in Postgres."""

    TEXT = "text"
    INT = "bigint"
    BYTES = "bytea"


TEXT, INT, BYTES = Kind
