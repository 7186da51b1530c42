"""How locks are used in one trace: who wanted which while holding what, and who waits for whom."""
