"""A bank, told line by line: who reads, writes, locks and releases what, a millisecond apart.

    told("A read 100 | B read 100 | A write 90 | B write 90")

Each letter is a request on a thread of its own. A read or write is of `accounts['alice']`; its
version is counted along, unless `versions` is off. `acquire` and `release` are of one lock.
"""

from __future__ import annotations

from typing import Unpack

from msgspec import UNSET
from tests.unit.core.build import Said, Story, Value

from raceway_core.event import Event, HeldLock, Scope

ALICE = "accounts['alice']"
CHECK, ACT = "bank.py:41 transfer", "bank.py:44 transfer"


def told(script: str, *, versions: bool = True, one_trace: bool = False, **said: Unpack[Said]) -> list[Story]:
    """Return the traces of a script: one for each request, or one of all."""
    requests: dict[str, Request] = {}
    said["scope"] = Scope.PROCESS
    together = Story("t", **said)
    lines = [line.split() for line in script.split("|")]
    version = 0
    for at, (who, what, *rest) in enumerate(lines, 1):
        if who not in requests:
            story = together if one_trace else Story(f"t{who}", **said)
            requests[who] = Request(story, who)
            requests[who].begin(at - 0.5)
        version += what == "write"
        requests[who].step(what, rest, at, version if versions else None)
        if who not in {line[0] for line in lines[at:]}:
            requests[who].end(at + 0.25)
    return [together] if one_trace else [request.story for request in requests.values()]


class Request:
    """A request that is being told, on a thread of its own."""

    def __init__(self, story: Story, thread: str) -> None:
        self.story = story
        self._thread = thread
        self._held: tuple[str | HeldLock, ...] = ()

    def begin(self, at: float) -> None:
        self.story.http(on=self._thread, at=at)

    def end(self, at: float) -> None:
        self.story.answer(on=self._thread, at=at)

    def step(self, what: str, rest: list[str], at: float, version: int | None) -> Event:
        value: Value = int(rest[0]) if rest else UNSET
        match what:
            case "read":
                return self._access(what, value, CHECK, at, version)
            case "write":
                return self._access(what, value, ACT, at, version)
            case "acquire":
                self._held = (HeldLock("bank", scope=Scope.PROCESS),)
                return self.story.acquire("bank", on=self._thread, at=at)
            case "release":
                self._held = ()
                return self.story.release("bank", on=self._thread, at=at)
        raise ValueError(f"a bank cannot {what}")

    def _access(self, what: str, value: Value, place: str, at: float, version: int | None) -> Event:
        tell = self.story.read if what == "read" else self.story.write
        return tell(ALICE, value, on=self._thread, at=at, place=place, version=version, locks=self._held)
