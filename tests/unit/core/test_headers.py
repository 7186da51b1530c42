"""Which headers are taken for credentials."""

from __future__ import annotations

import pytest

from raceway_core.wire.headers import SCRUBBED, hold_secrets, is_secret, scrub


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "proxy-authorization",
        "Cookie",
        "SET-COOKIE",
        "X-Api-Key",
        "x-apikey",
        "X-Amz-Security-Token",
        "X-CSRF-Token",
        "X-Raceway-Key",
        "Client-Secret",
        "X-Auth-Password",
        "X-Hub-Signature-256",
    ],
)
def test_credentials(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name", ["Accept", "Content-Type", "Host", "User-Agent", "X-Request-Id", "traceparent", "Idempotency-Key"]
)
def test_others(name: str) -> None:
    assert not is_secret(name)


def test_scrubbing_leaves_nothing_to_scrub() -> None:
    headers = {"Accept": "*/*", "cookie": "a=b", "Authorization": None}

    assert hold_secrets(headers)
    assert scrub(headers) == {"Accept": "*/*", "cookie": SCRUBBED, "Authorization": SCRUBBED}
    assert not hold_secrets(scrub(headers))
