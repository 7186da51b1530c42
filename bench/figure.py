"""How figures are measured and printed alike in every benchmark."""

from __future__ import annotations

import resource


def growth(now: float, before: float | None, *, times: float = 10) -> str:
    """Return how time grew, as for ten times the input where that grew so many `times`."""
    return f"{now / before * 10 / times:.1f} ×" if before else "-"


def peak_mb() -> float:
    """Return the most memory that this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
