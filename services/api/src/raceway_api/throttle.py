"""How often somebody may guess: a few failures a minute for each client, some more for all of them.

The second limit is there because a client may have many addresses, and behind a proxy all clients
have one. Whoever has the key can still use it as a key.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

WINDOW_S = 60.0
MOST_PER_CLIENT = 5
MOST_IN_ALL = 60

_MOST_CLIENTS = 1024


class Throttle:
    """Counts failures of the last minute; `now_s` is a clock that only goes forward.

    Memory is bounded: of more clients than fit, those that failed longest ago are forgotten, which
    the limit for all makes up for.
    """

    def __init__(self, *, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._of_all: deque[float] = deque()
        self._of_client: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, client: str) -> float:
        """Return how long `client` has to wait until it may try again; 0 if it may now."""
        now = self._now_s()
        own = self._of_client.get(client, deque())
        waits = (_wait_s(own, MOST_PER_CLIENT, now), _wait_s(self._of_all, MOST_IN_ALL, now))
        return max(waits)

    def note_failure(self, client: str) -> None:
        """Count a failure of `client`."""
        now = self._now_s()
        self._of_all.append(now)
        self._of_client.setdefault(client, deque()).append(now)
        self._of_client.move_to_end(client)
        if len(self._of_client) > _MOST_CLIENTS:
            self._of_client.popitem(last=False)


def _wait_s(failures: deque[float], most: int, now: float) -> float:
    while failures and failures[0] <= now - WINDOW_S:
        failures.popleft()
    return failures[-most] + WINDOW_S - now if len(failures) >= most else 0.0
