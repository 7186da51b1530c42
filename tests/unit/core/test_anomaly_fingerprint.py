"""Fingerprints of anomalies: the same for the same fault, others for others, and never of two kinds."""

from __future__ import annotations

from raceway_core.anomaly_fingerprint import anomaly_fingerprint, isolation_fingerprint


def test_an_anomaly_of_isolation_is_its_class_and_the_patterns_of_its_keys() -> None:
    name = isolation_fingerprint("G2-item", ["accounts['alice']", "accounts['bob']", "day7"])
    assert name == isolation_fingerprint("G2-item", ["day12", "accounts['carol']"])
    assert name != isolation_fingerprint("G-single", ["day12", "accounts['carol']"])
    assert name != isolation_fingerprint("G2-item", ["accounts['carol']"])


def test_an_anomaly_of_an_operation_is_its_service_name_and_kind() -> None:
    names = {
        anomaly_fingerprint(service, operation, kind)
        for service in ("shop", "stock")
        for operation in ("GET /", "reserve")
        for kind in ("latency", "errors")
    }
    assert len(names) == 8
    assert all(len(name) == 16 for name in names)


def test_what_stays_the_same_from_release_to_release() -> None:
    """Baselines are committed: a fingerprint must never change."""
    assert isolation_fingerprint("lost-update", ["x"]) == "f261810bfc5cbb75"
    assert anomaly_fingerprint("shop", "GET /", "latency") == "559194e5bcbd90b8"
