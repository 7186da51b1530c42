"""How the analyzer lets something else go first, if the composition has something."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

GiveWay: TypeAlias = Callable[[], Awaitable[None]]
"""Returns when the analyzer may take on more work. It must return: waiting for ever stops analysis."""


async def never_give_way() -> None:
    """Go on at once."""
