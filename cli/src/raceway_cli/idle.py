"""When a running Raceway has come to rest: everything sent is stored, analyzed and counted."""

from __future__ import annotations

import time
from collections.abc import Callable

from raceway_cli.client import Client
from raceway_core.errors import Retryable

_POLL_S = 0.2


def wait_idle(
    client: Client,
    *,
    timeout_s: float,
    now_s: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Return once nothing is left to do.

    Raises:
        Retryable: It did not come to rest in time, or does not answer.
    """
    deadline_s = now_s() + timeout_s
    while (left := client.left()).backlog or left.due:
        if now_s() > deadline_s:
            raise Retryable(
                f"not idle after {timeout_s:g} s: {left.backlog} messages unstored, {left.due} analyses due"
            )
        pause(_POLL_S)
