"""The whole API over an SQLite file, with words to put traces into it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from raceway_api.app import routes
from raceway_api.deps import Deps
from raceway_api.routes.docs import openapi_config
from raceway_common.adapters.memory_cache import MemoryCache
from raceway_common.adapters.sql.baseline_store import SqlBaselineStore
from raceway_common.adapters.sql.event_store import SqlEventStore
from raceway_common.adapters.sql.finding_store import SqlFindingStore
from raceway_common.adapters.sql.trace_store import SqlTraceStore
from raceway_common.adapters.sql.work_queue import SqlWorkQueue
from raceway_common.adapters.sqlite_bus import open_sqlite_bus
from raceway_common.database.database import open_database
from raceway_common.packing import pack_outcome
from raceway_common.ports.bus import Position
from raceway_common.ports.work_queue import TraceClaim
from raceway_common.web.app import web_app
from raceway_common.web.credentials import Credentials
from raceway_common.web.health import health_routes
from raceway_core.batch import Message, slice_of
from raceway_core.event import Event
from raceway_core.result import TraceResult

NOW_NS = 1_795_500_100_000_000_000


@dataclass
class Serving:
    """A running API: `client` asks it, `keep` and `publish_result` fill its stores."""

    client: httpx.AsyncClient
    deps: Deps
    _positions: count[int] = field(default_factory=lambda: count(1))

    async def keep(self, events: Sequence[Event], *, dropped: dict[str, int] | None = None) -> None:
        """Store events of one trace, as ingest and the store loop do."""
        times = [event.time_ns for event in events]
        batch = slice_of(events[0].trace_id, events, times)
        number = next(self._positions)
        message = Message((batch,), batch_id=f"batch-{number}", source="test", dropped=dropped or {})
        await self.deps.events.append([(Position("epoch", number), message)], now_ns=NOW_NS)

    async def publish_result(self, result: TraceResult, *, version: int = 1) -> None:
        """Store the result of the analysis of a kept trace, as the analyze loop does."""
        claim = TraceClaim(result.summary.trace_id, version)
        await self.deps.traces.replace([pack_outcome(claim, result)], now_ns=NOW_NS)

    async def publish_results(self, results: Sequence[TraceResult], *, version: int = 1) -> None:
        """Store many results in one batch."""
        outcomes = [pack_outcome(TraceClaim(result.summary.trace_id, version), result) for result in results]
        await self.deps.traces.replace(outcomes, now_ns=NOW_NS)

    async def get(
        self, path: str, *, status: int = 200, parameters: Mapping[str, str | int] | None = None
    ) -> Any:
        """Return the JSON that a GET is answered with, which must have this status."""
        answer = await self.client.get(path, params=parameters)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def data(self, path: str, **parameters: str | int) -> Any:
        """Return what is in the envelope of the answer to a GET."""
        body = await self.get(path, parameters=parameters or None)
        assert body.keys() == {"success", "data", "error"}
        assert (body["success"], body["error"]) == (True, None)
        return body["data"]


@asynccontextmanager
async def serving(path: Path, *, api_key: str | None = None) -> AsyncIterator[Serving]:
    """Serve the API over the migrated database at `path`."""
    async with (
        open_database(f"sqlite:///{path}") as database,
        open_sqlite_bus(path.with_suffix(".bus")) as bus,
    ):
        deps = Deps(
            events=SqlEventStore(database),
            traces=SqlTraceStore(database),
            findings=SqlFindingStore(database),
            baselines=SqlBaselineStore(database),
            queue=SqlWorkQueue(database),
            bus=bus,
            cache=MemoryCache(),
            version="1.2.3",
            started_ns=NOW_NS,
            uptime_s=lambda: 61.9,
            credentials=Credentials(api_key) if api_key is not None else None,
        )
        health = health_routes({"database": deps.findings.version}, version="1.2.3")
        app = web_app(
            [*routes(deps), *health], host="127.0.0.1", api_key=api_key, openapi=openapi_config("1.2.3")
        )
        transport = httpx.ASGITransport(app)  # type: ignore[arg-type]  # httpx types ASGI less strictly
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            yield Serving(client, deps)
