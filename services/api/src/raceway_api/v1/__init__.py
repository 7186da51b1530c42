"""Answers of `/api/v1`: plain JSON, times with nanoseconds, `_ns` integers as decimal strings."""
