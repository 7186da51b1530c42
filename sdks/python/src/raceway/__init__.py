"""The Raceway SDK for Python: records what a program does, so that Raceway can find its races.

    import raceway

    raceway.start("bank")
    accounts = raceway.watch({"alice": 100}, "accounts")

`start` instruments the process: requests in and out, locks, threads, thread pools and asyncio
tasks. `watch` records every access to a dict. Nothing here raises into the application, blocks it,
or takes more than a fixed amount of memory; what does not fit is dropped, counted and reported.
"""

from __future__ import annotations

from raceway import lifecycle
from raceway.asgi import AsgiApp, AsgiMiddleware
from raceway.explicit import error, event, lock, read, span, write
from raceway.http_client import outgoing_headers
from raceway.settings import read_settings
from raceway.watch import watch
from raceway.wsgi import WsgiApp, WsgiMiddleware

__version__ = "0.1.0"


def start(
    service: str,
    *,
    url: str | None = None,
    key: str | None = None,
    root: str | None = None,
    environment: str | None = None,
    sample: float | None = None,
    redact: str | None = None,
    queue_size: int = 16_384,
) -> None:
    """Record this process as `service` from now on; a second call does nothing. Never raises.

    Args:
        service: The service's name; all its processes share it.
        url: Where Raceway listens; else `RACEWAY_URL`, else http://127.0.0.1:8080.
        key: The API key; else `RACEWAY_API_KEY`.
        root: The project's root, to which locations are relative; else the working directory, or the
            main file's where that is elsewhere.
        environment: As `production`; else `RACEWAY_ENVIRONMENT`.
        sample: The share of new traces that is recorded, 0 to 1; else `RACEWAY_SAMPLE`, else all.
        redact: A regular expression: values under such names are hidden, besides the usual ones.
        queue_size: How many events wait at most; more are dropped and counted.
    """
    lifecycle.begin(
        read_settings(
            service,
            url=url,
            key=key,
            root=root,
            environment=environment,
            sample=sample,
            redact=redact,
            queue_size=queue_size,
        )
    )


def flush(timeout: float = 5.0) -> bool:
    """Wait until what was recorded so far is delivered or given up; tell whether it is in time."""
    return lifecycle.flush(timeout)


def stop(timeout: float = 5.0) -> None:
    """Deliver what was recorded, record nothing more, and put back what was instrumented."""
    lifecycle.end(timeout)


def stats() -> dict[str, int | dict[str, int]]:
    """Return the account so far: events sent, rejected, waiting, dropped by reason, retries."""
    return lifecycle.stats()


def wsgi(app: WsgiApp) -> WsgiApp:
    """Return a WSGI application that records the requests of `app`; Flask needs no such line."""
    return WsgiMiddleware(app)


def asgi(app: AsgiApp) -> AsgiApp:
    """Return an ASGI application that records the requests of `app`; most need no such line."""
    return AsgiMiddleware(app)


__all__ = [
    "asgi",
    "error",
    "event",
    "flush",
    "lock",
    "outgoing_headers",
    "read",
    "span",
    "start",
    "stats",
    "stop",
    "watch",
    "write",
    "wsgi",
]
