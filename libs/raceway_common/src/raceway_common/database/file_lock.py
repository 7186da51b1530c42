"""A data directory belongs to one process: the lock that says so."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from raceway_core.errors import Rejected


@contextmanager
def hold_directory(directory: Path) -> Generator[None]:
    """Make `directory` if it is absent, and keep it for this process until the block ends.

    The operating system frees the lock when the process dies, however it dies.

    Raises:
        Rejected: Another process holds it; the message names its id.
    """
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "raceway.lock"
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise Rejected(
                f"{directory} is in use by another Raceway (process {holder}); "
                "stop it, or choose another directory with --data"
            ) from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
