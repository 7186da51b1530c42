"""A service as an operating system process: its event loop and its signals."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable

import anyio
import structlog
from anyio import CancelScope

log = structlog.get_logger()


def run_until_stopped(main: Callable[[], Awaitable[None]]) -> None:
    """Run `main` on an event loop until it returns, or until SIGINT or SIGTERM cancels it."""
    anyio.run(_run, main, backend_options={"use_uvloop": True})


async def _run(main: Callable[[], Awaitable[None]]) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(_cancel_on_signal, group.cancel_scope)
        await main()
        group.cancel_scope.cancel()


async def _cancel_on_signal(scope: CancelScope) -> None:
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for received in signals:
            log.info("stop_requested", signal=received.name)
            scope.cancel()
