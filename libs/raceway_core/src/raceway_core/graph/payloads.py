"""The payloads of a trace, by event and by kind.

Most rules look at one or two kinds of event, and most traces have none of them; so what has a kind is
looked up, never searched for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import astuple

from raceway_core.event import Event, Payload

P = TypeVar("P", bound=Payload)


class Payloads(list[Payload]):
    """The payload of each event, by number."""

    def __init__(self, events: Iterable[Event]) -> None:
        """Read the payloads of `events`, which each have one. Time: O(n)."""
        super().__init__([next(filter(None, astuple(event.kind))) for event in events])
        self._numbers: dict[type[Payload], list[int]] = {}
        for number, payload in enumerate(self):
            self._numbers.setdefault(type(payload), []).append(number)

    @property
    def by_kind(self) -> Mapping[type[Payload], Sequence[int]]:
        """The events of each kind that there is, in order."""
        return self._numbers

    def numbers(self, *kinds: type[Payload]) -> Sequence[int]:
        """Return the events of the given kinds, those of one kind in order. Time: O(their number)."""
        return [number for kind in kinds for number in self._numbers.get(kind, ())]

    def of(self, kind: type[P]) -> Sequence[tuple[int, P]]:
        """Return the events of a kind, in order, with their payloads. Time: O(their number)."""
        return [
            (number, payload)
            for number in self._numbers.get(kind, ())
            if isinstance(payload := self[number], kind)
        ]
