"""What the routes need: the ports they read, and the time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from anyio import CapacityLimiter
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from raceway_api.graph_cache import GraphCache
from raceway_api.operations import KeptOperations
from raceway_api.throttle import Throttle
from raceway_common.ports.baseline_store import BaselineStore
from raceway_common.ports.bus import BusReader
from raceway_common.ports.cache import Cache
from raceway_common.ports.event_store import EventStore
from raceway_common.ports.finding_store import FindingStore
from raceway_common.ports.trace_store import TraceStore
from raceway_common.ports.work_queue import WorkQueue
from raceway_common.web.credentials import Credentials
from raceway_core.options import DEFAULTS, Options

MOST_THREADS = 2
"""How many traces are decoded or encoded at once: each may be large, and they share one interpreter."""


@dataclass(frozen=True, kw_only=True)
class Deps:
    """`started_ns` is when the process started, `uptime_s` how long ago; `version` is Raceway's.

    `credentials` say what the API key opens; None where there is no key. Cached lists are kept apart by
    `started_ns`: another database's versions count from 1 too. `options` are those of the analyzers.
    """

    events: EventStore
    traces: TraceStore
    findings: FindingStore
    baselines: BaselineStore
    queue: WorkQueue
    bus: BusReader
    cache: Cache
    version: str
    started_ns: int
    uptime_s: Callable[[], float]
    credentials: Credentials | None = None
    options: Options = DEFAULTS
    graphs: GraphCache = field(default_factory=GraphCache)
    operations: KeptOperations = field(init=False)
    throttle: Throttle = field(init=False)
    threads: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MOST_THREADS))

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", KeptOperations(self.baselines, self.threads))
        object.__setattr__(self, "throttle", Throttle(now_s=self.uptime_s))

    def now_ns(self) -> int:
        """Return the time, as the process that started at `started_ns` counts it."""
        return self.started_ns + int(self.uptime_s() * 1_000_000_000)


Given: TypeAlias = NamedDependency[SkipValidation[Deps]]
"""How a route handler asks for `Deps`."""
