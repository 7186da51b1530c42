"""Python's cyclic garbage collector, set for a life of batches."""

from __future__ import annotations

import gc

GC_THRESHOLDS = (100_000, 50, 50)
"""Batches and analyses make millions of objects and hardly a cycle; the defaults search in vain."""


def settle_gc() -> None:
    """Leave what start-up made out of collections, and collect less often. Call when ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
