"""Outcomes: how an operation ended, as far as its events say.

An HTTP operation ended with a status, of which the class counts: `2xx` … `5xx`. Any other is `error`
where an Error was recorded directly inside it. Both may also be told by the tags of OpenTelemetry's
conventions. What says nothing has the empty class.
"""

from __future__ import annotations

from collections.abc import Mapping

from raceway_core.causal_graph import CausalGraph
from raceway_core.event import Error, HttpResponse

ERROR = "error"
_FAULT_OF_SERVER = "5xx"
_STATUS_TAGS = ("http.response.status_code", "http.status_code")


class Outcomes:
    """Reads the outcomes of one trace's operations."""

    def __init__(self, graph: CausalGraph, closers: Mapping[int, int], inside: Mapping[int, int]) -> None:
        """`closers` has by operation the event that ended it, `inside` by event its operation."""
        self._graph = graph
        self._closers = closers
        errors = graph.payloads.by_kind.get(Error, ())
        self._failed = {inside[event] for event in errors if event in inside}

    def status_of(self, event: int) -> str:
        """Return the status class of an operation."""
        closer = self._closers.get(event, event)
        payload = self._graph.payloads[closer]
        if isinstance(payload, HttpResponse):
            return _class_of(int(payload.status))
        tags = self._graph.events[event].metadata.tags or {}
        for tag in _STATUS_TAGS:
            if tags.get(tag, "").isdecimal():
                return _class_of(int(tags[tag][:3]))
        told = tags.get("error", "").lower() == "true" or tags.get("otel.status_code") == "ERROR"
        return ERROR if told or event in self._failed else ""


def is_error(status: str) -> bool:
    """Whether a status class is a failure of who did the operation, not of who asked for it."""
    return status in {ERROR, _FAULT_OF_SERVER}


def _class_of(status: int) -> str:
    return f"{status // 100}xx" if 100 <= status <= 599 else ""
