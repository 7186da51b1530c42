"""How much a search may do: in proportion to its history, so that a hostile one cannot make it quadratic.

One step is about what numpy does with one element; `ROW` to `FOUND` say how many other things cost.
"""

from __future__ import annotations

from typing import NamedTuple

ROW, PAIR, FOUND = 40, 10, 50
"""Steps of taking over a row of a table, comparing a read with a run, and keeping what was found."""


class Limits(NamedTuple):
    """`steps` for any history, some seconds, and more for each transaction and each edge.

    `block_bytes` is the memory of the rows of a block in one direction.
    """

    steps: int = 300_000_000
    steps_per_edge: int = 3_000
    block_bytes: int = 64_000_000


LIMITS = Limits()


class Effort:
    """What is left to do; `is_cut` once something was left undone."""

    def __init__(self, limits: Limits, size: int) -> None:
        """`size` is how many transactions and edges there are."""
        self.block_bytes = limits.block_bytes
        self.left = limits.steps + limits.steps_per_edge * size
        self.is_cut = False

    def allows(self, steps: int) -> bool:
        """Whether so many steps may be made; then they count as made."""
        if steps > self.left:
            self.is_cut = True
            return False
        self.left -= steps
        return True
