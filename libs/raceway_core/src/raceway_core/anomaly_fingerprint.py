"""Fingerprints of anomalies: names that stay the same from run to run, as a finding's does.

An anomaly of isolation is named by its class and the patterns of its keys, for transactions have new ids
in every run; one of latency or errors by its service, its operation and its kind, for what is slow today is
the same fault tomorrow, though another request shows it.

Source: `raceway_core.counting.fingerprint`, for findings.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from raceway_core.identity import pattern_of


def isolation_fingerprint(name: str, keys: Iterable[str]) -> str:
    """Return the fingerprint of an anomaly of the class `name`, 16 hexadecimal digits."""
    return _hash("isolation", name, *sorted(set(map(pattern_of, keys))))


def anomaly_fingerprint(service: str, operation: str, kind: str) -> str:
    """Return the fingerprint of an anomaly of an operation, 16 hexadecimal digits."""
    return _hash("anomaly", service, operation, kind)


def _hash(*parts: str) -> str:
    return blake2b(msgspec.json.encode(parts), digest_size=8).hexdigest()
