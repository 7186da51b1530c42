"""How figures are measured and printed alike in every benchmark."""

from __future__ import annotations

import resource
from pathlib import Path


def growth(now: float, before: float | None, *, times: float = 10) -> str:
    """Return how time grew, as for ten times the input where that grew so many `times`."""
    return f"{now / before * 10 / times:.1f} ×" if before else "-"


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB.

    What `getrusage` says on Linux begins with what the process that started this one had held.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
