"""What the commands ask of a running Raceway: typed answers of `/api/v1`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self, TypeAlias, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from raceway_api.v1.anomaly import AnomalyList, TraceAnomalyList
from raceway_api.v1.deadlock import DeadlockList, TraceDeadlocks
from raceway_api.v1.event import EventItem, EventList
from raceway_api.v1.isolation import RecentIsolation, TraceIsolation
from raceway_api.v1.lock import LockList, LockTotalItem, TraceLocks
from raceway_api.v1.race import FindingList
from raceway_api.v1.service import GraphView, ServiceDetail
from raceway_api.v1.trace import AuditTrails, CriticalPaths, TraceItem, TraceList, TraceRaces
from raceway_api.v1.trail import TrailView
from raceway_api.v1.variable import VariableItem, VariableList
from raceway_api.v1.why import WhyView
from raceway_core.errors import Rejected, Retryable
from raceway_core.finding_view import FindingView

Answer = TypeVar("Answer")
_Parameter: TypeAlias = str | int | list[str]

_TIMEOUT_S = 30.0
_PAGE = 200
_MOST_FAULTS = 1000


class Left(msgspec.Struct, frozen=True):
    """`backlog` counts messages that are not stored yet, `due` analyses that are not current."""

    backlog: int
    due: int


class _Envelope(msgspec.Struct, frozen=True):
    data: Left


class _Problem(msgspec.Struct, frozen=True):
    detail: str = ""


class Client:
    """A connection to the API at `url`, to be used as a context manager."""

    def __init__(self, url: str, *, key: str | None = None) -> None:
        headers = {"X-Raceway-Key": key} if key else {}
        self._url = url
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def findings(self, *, with_hidden: bool = False, since_ns: int | None = None) -> Iterator[FindingView]:
        """Yield all findings, strongest first; with `since_ns` those with an event not before it."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._get(
                "/api/v1/races",
                FindingList,
                limit=_PAGE,
                cursor=cursor,
                all="true" if with_hidden else "",
                since=since_ns,
            )
            yield from page.races
            cursor = page.next_cursor

    def left(self) -> Left:
        """Return what is not done yet."""
        return self._get("/status", _Envelope).data

    def finding(self, fingerprint: str) -> FindingView:
        """Return one finding, by its fingerprint or one that it absorbed."""
        return self._get(f"/api/v1/races/{quote(fingerprint, safe='')}", FindingView)

    def deadlocks(self) -> Iterator[FindingView]:
        """Yield all deadlocks, those that happened first."""
        cursor: str | None = ""
        while cursor is not None:
            page = self._get("/api/v1/deadlocks", DeadlockList, limit=_PAGE, cursor=cursor)
            yield from page.deadlocks
            cursor = page.next_cursor

    def locks(self, *, most: int) -> list[LockTotalItem]:
        """Return up to `most` locks of all traces, the one most waited for first."""
        found: list[LockTotalItem] = []
        cursor: str | None = ""
        while cursor is not None and len(found) < most:
            size = min(_PAGE, most - len(found))
            page = self._get("/api/v1/locks", LockList, limit=size, cursor=cursor)
            found += page.locks
            cursor = page.next_cursor
        return found

    def traces(
        self, *, most: int, service: str | None = None, has_race: bool | None = None
    ) -> list[TraceItem]:
        """Return up to `most` traces, newest last event first."""
        racy = None if has_race is None else str(has_race).lower()
        found: list[TraceItem] = []
        cursor: str | None = ""
        while cursor is not None and len(found) < most:
            size = min(_PAGE, most - len(found))
            page = self._get(
                "/api/v1/traces", TraceList, limit=size, cursor=cursor, service=service, has_race=racy
            )
            found += page.traces
            cursor = page.next_cursor
        return found

    def trace(self, trace_id: str) -> TraceItem:
        """Return one trace."""
        return self._get(f"/api/v1/traces/{trace_id}", TraceItem)

    def anomalies(
        self, *, most: int, since_ns: int | None = None, limits_ns: Mapping[str, int] | None = None
    ) -> AnomalyList:
        """Return up to `most` anomalies, the newest ten minutes first, in them the worst.

        With `since_ns` those of calls that ended then or later; `limits_ns` are by name of operation what
        it may take at most.
        """
        slow = [f"{name}={limit_ns}" for name, limit_ns in (limits_ns or {}).items()]
        found = AnomalyList([], "", is_cut=False)
        while found.next_cursor is not None and len(found.anomalies) < most:
            page = self._get(
                "/api/v1/anomalies",
                AnomalyList,
                limit=min(_PAGE, most - len(found.anomalies)),
                cursor=found.next_cursor,
                since=since_ns,
                slow=slow,
            )
            both = [*found.anomalies, *page.anomalies]
            found = AnomalyList(both, page.next_cursor, is_cut=found.is_cut or page.is_cut)
        return found

    def trace_anomalies(self, trace_id: str) -> TraceAnomalyList:
        """Return what was not normal in one trace."""
        return self._get(f"/api/v1/traces/{trace_id}/anomalies", TraceAnomalyList)

    def events(self, trace_id: str, *, most: int) -> list[EventItem]:
        """Return the first `most` events of a trace, parents first, else by time."""
        found: list[EventItem] = []
        cursor: str | None = ""
        while cursor is not None and len(found) < most:
            page = self._get(
                f"/api/v1/traces/{trace_id}/events", EventList, limit=min(_PAGE, most), cursor=cursor
            )
            found += page.events
            cursor = page.next_cursor
        return found[:most]

    def races(self, trace_id: str) -> TraceRaces:
        """Return the racing pairs inside one trace."""
        return self._get(f"/api/v1/traces/{trace_id}/races", TraceRaces)

    def deadlocks_in(self, trace_id: str) -> TraceDeadlocks:
        """Return the deadlocks of one trace."""
        return self._get(f"/api/v1/traces/{trace_id}/deadlocks", TraceDeadlocks)

    def locks_in(self, trace_id: str) -> TraceLocks:
        """Return how the locks of one trace were used, and the first holds."""
        return self._get(f"/api/v1/traces/{trace_id}/locks", TraceLocks)

    def isolation(
        self, *, since_ns: int | None = None, last: str | None = None, resource: str | None = None
    ) -> RecentIsolation:
        """Return what the transactions of traces with an event not before a time prove, by resource."""
        return self._get(
            "/api/v1/isolation",
            RecentIsolation,
            since=since_ns,
            last=last,
            resource=resource,
            limit=_MOST_FAULTS,
        )

    def isolation_in(self, trace_id: str) -> TraceIsolation:
        """Return what the transactions of one trace prove."""
        return self._get(f"/api/v1/traces/{trace_id}/isolation", TraceIsolation)

    def critical_paths(self, trace_id: str) -> CriticalPaths:
        """Return the critical path of each root of a trace."""
        return self._get(f"/api/v1/traces/{trace_id}/critical-path", CriticalPaths)

    def audit_trails(self, trace_id: str, variable: str) -> AuditTrails:
        """Return the accesses of one variable in a trace, in causal order."""
        return self._get(f"/api/v1/traces/{trace_id}/audit-trail/{quote(variable, safe='')}", AuditTrails)

    def why(self, trace_id: str, first: str, second: str) -> WhyView:
        """Return why one event of a trace is before another, or not."""
        path = f"/api/v1/traces/{trace_id}/causal-graph/path"
        return self._get(path, WhyView, **{"from": first, "to": second})

    def variables(self, *, most: int, text: str | None, order: str) -> list[VariableItem]:
        """Return up to `most` variables of all traces."""
        found: list[VariableItem] = []
        cursor: str | None = ""
        while cursor is not None and len(found) < most:
            size = min(_PAGE, most - len(found))
            page = self._get(
                "/api/v1/variables", VariableList, limit=size, cursor=cursor, text=text, order=order
            )
            found += page.variables
            cursor = page.next_cursor
        return found

    def trail(self, variable: str, *, scope: str | None, from_time: str | None, most: int) -> TrailView:
        """Return up to `most` accesses of a variable in all traces."""
        path = f"/api/v1/variables/{quote(variable, safe='')}/audit-trail"
        query = {"scope": scope, "from": from_time}
        trail = self._get(path, TrailView, limit=min(_PAGE, most), **query)
        while trail.next_cursor is not None and len(trail.accesses) < most:
            size = min(_PAGE, most - len(trail.accesses))
            page = self._get(path, TrailView, limit=size, cursor=trail.next_cursor, **query)
            trail = msgspec.structs.replace(
                page, accesses=[*trail.accesses, *page.accesses], is_cut=trail.is_cut or page.is_cut
            )
        return trail

    def service_graph(self) -> GraphView:
        """Return the services and the calls between them."""
        return self._get("/api/v1/services/graph", GraphView)

    def service(self, name: str) -> ServiceDetail:
        """Return one service, whatever its name is, with whom it calls and who calls it."""
        return self._get(f"/api/v1/services/{quote(name, safe='')}/calls", ServiceDetail)

    def _get(self, path: str, shape: type[Answer], **query: _Parameter | None) -> Answer:
        try:
            answer = self._http.get(path, params=_given(query))
        except httpx.TransportError as error:
            raise Retryable(
                f"no Raceway answers at {self._url} ({error}); start one with `raceway up`, or name it"
                " with --url"
            ) from error
        if answer.is_success:
            return msgspec.json.decode(answer.content, type=shape)
        raise Rejected(f"{self._url} answered {answer.status_code}: {_detail(answer)}")


def _given(query: Mapping[str, _Parameter | None]) -> dict[str, _Parameter]:
    return {name: value for name, value in query.items() if value is not None and value != ""}


def _detail(answer: httpx.Response) -> str:
    try:
        return msgspec.json.decode(answer.content, type=_Problem).detail or answer.text[:200]
    except msgspec.DecodeError:
        return answer.text[:200]
