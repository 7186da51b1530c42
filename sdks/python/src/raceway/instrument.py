"""Everything that `start` instruments, in one place."""

from __future__ import annotations

from raceway.async_locks import patch_async_locks
from raceway.async_tasks import patch_async_tasks
from raceway.frameworks import patch_frameworks
from raceway.http_client import patch_http_client
from raceway.patch import Patches
from raceway.thread_locks import patch_thread_locks
from raceway.threads import patch_threads


def instrument(patches: Patches) -> None:
    """Instrument the process; `patches.undo()` puts everything back."""
    for patch in (
        patch_threads,
        patch_thread_locks,
        patch_async_tasks,
        patch_async_locks,
        patch_http_client,
        patch_frameworks,
    ):
        patch(patches)
