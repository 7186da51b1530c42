"""Parameters that come from outside, checked. What is wrong with one is said, never guessed."""

from __future__ import annotations

from typing import Annotated, TypeAlias
from urllib.parse import unquote
from uuid import UUID

from litestar.params import PathParameter, QueryParameter

from raceway_common.ports.trace_store import TraceFilter
from raceway_common.web.error import AnyRequest
from raceway_common.web.path import name_after
from raceway_core.errors import Rejected
from raceway_core.event import EventId, TraceId
from raceway_core.time import parse_time

MOST_PER_PAGE = 1000

TraceIdText: TypeAlias = Annotated[str, PathParameter(description="A UUID, in any spelling")]
VariablePath: TypeAlias = Annotated[str, PathParameter(description="The variable's name, as it is")]
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=MOST_PER_PAGE, description="How many at most")]
CursorText: TypeAlias = Annotated[str | None, QueryParameter(description="`next_cursor` of the last page")]
MinEvents: TypeAlias = Annotated[int, QueryParameter(description="Only traces of at least so many events")]
VariableName: TypeAlias = Annotated[
    str, PathParameter(description="The variable's name, percent-encoded, slashes too")
]
ServicePath: TypeAlias = Annotated[
    str, PathParameter(description="The service's name, percent-encoded, slashes too")
]
WindowMinutes: TypeAlias = Annotated[
    int, QueryParameter(description="A service that was heard of in so many minutes is healthy")
]
Since: TypeAlias = Annotated[
    str | None, QueryParameter(description="Only what has an event not before this: RFC 3339, or nanoseconds")
]
ServiceName: TypeAlias = Annotated[str | None, QueryParameter(description="Only traces it took part in")]

_TRAIL, _SERVICES, _VARIABLES = "/audit-trail/", "/services/", "/variables/"
_LAST_PAGE = 2**31
_MOST_EVENTS = 2**31 - 1


def trace_id_of(text: str) -> TraceId:
    """Return a trace's id in its one spelling.

    Raises:
        Rejected: `text` is not a UUID.
    """
    try:
        return TraceId(str(UUID(text)))
    except ValueError as error:
        raise Rejected(f"a trace id is a UUID, got {text[:60]!r}") from error


def event_id_of(text: str, parameter: str) -> EventId:
    """Return an event's id: a UUID in its one spelling, anything else as it is.

    Raises:
        Rejected: No id can look like that.
    """
    try:
        return EventId(str(UUID(text)))
    except ValueError:
        return EventId(name_of(text, parameter))


def name_of(text: str, parameter: str) -> str:
    """Return a name to look for.

    Raises:
        Rejected: No name can look like that, and databases choke on it.
    """
    if "\x00" in text:
        raise Rejected(f"{parameter}: a name has no NUL character")
    return text


def clamped(value: int, least: int, most: int) -> int:
    """Return the number nearest to `value` in `least..most`."""
    return min(max(value, least), most)


def time_of(text: str, parameter: str) -> int:
    """Return a time in nanoseconds since the epoch.

    Raises:
        Rejected: It is none.
    """
    try:
        return parse_time(text)
    except Rejected as error:
        raise Rejected(f"{parameter}: {error}") from error


def page_window(page: int, page_size: int) -> tuple[int, int]:
    """Return page and size as they are served: whatever was asked for, there is such a page."""
    return clamped(page, 1, _LAST_PAGE), clamped(page_size, 1, MOST_PER_PAGE)


def variable_of(request: AnyRequest) -> str:
    """Return the variable that the rest of an audit trail's path names.

    It is read from the path as sent, since routing folds the slashes that a name may hold.
    """
    _, _, name = request.scope["raw_path"].decode("latin-1").partition(_TRAIL)
    return name_of(unquote(name), "variable")


def service_of(request: AnyRequest) -> str:
    """Return the service that a path names; a name may hold slashes, sent as `%2F`."""
    return name_of(name_after(request.scope["raw_path"], _SERVICES), "service")


def variable_named(request: AnyRequest) -> str:
    """Return the variable that a path names in its middle; slashes in it are sent as `%2F`."""
    return name_of(name_after(request.scope["raw_path"], _VARIABLES), "variable")


def trace_filter(min_events: int, service: str | None, *, has_race: bool | None = None) -> TraceFilter:
    """Return which traces to list."""
    return TraceFilter(
        min_events=clamped(min_events, 0, _MOST_EVENTS),
        service=None if service is None else name_of(service, "service"),
        has_race=has_race,
    )
