"""What is asked of files."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from raceway_cli.question import NamedNumber
from raceway_core.options import DEFAULTS, Change, Latency, Options


class Question(NamedTuple):
    """How to read files, and what to tell of them.

    `format_name` may be `auto`, and `pattern` says where the events of a ShiViz log are.
    """

    format_name: str = "auto"
    pattern: str | None = None
    options: Options = DEFAULTS
    with_hidden: bool = False


def asked(what_if: NamedNumber | None, slow: Iterable[NamedNumber]) -> Options:
    """Return the options that hold what was asked about operations."""
    return Options(
        latency=Latency(limits_ns={name: round(limit_ns) for name, limit_ns in slow}),
        change=None if what_if is None else Change(*what_if),
    )
