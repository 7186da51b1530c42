"""Which addresses may be bound, and which requests are answered without a key."""

from __future__ import annotations

import pytest

from raceway_common.web.host import HostRule, is_loopback, refuse_exposed
from raceway_core.errors import Rejected

LOOPBACK = ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST", "api.localhost", "::1", "[::1]"]
EVERYWHERE = "0.0.0.0"  # noqa: S104  # a name to judge; nothing is bound to it
EXPOSED = [EVERYWHERE, "::", "", "192.168.1.5", "example.com", "localhost.example.com", "127.0.0.1.nip.io"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    refuse_exposed(host, api_key=None, insecure=False)


@pytest.mark.parametrize("host", EXPOSED)
def test_anything_else_is_refused_without_a_key(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(Rejected, match=r"RACEWAY_API_KEY.*--insecure"):
        refuse_exposed(host, api_key=None, insecure=False)


@pytest.mark.parametrize("host", EXPOSED)
def test_a_key_or_the_wish_to_be_insecure_allows_it(host: str) -> None:
    refuse_exposed(host, api_key="rw_read_1", insecure=False)
    refuse_exposed(host, api_key=None, insecure=True)


@pytest.mark.parametrize(
    ("bound", "host", "is_answered"),
    [
        ("127.0.0.1", "127.0.0.1:8080", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "[::1]:8080", True),
        ("127.0.0.1", "raceway.localhost:8080", True),
        ("127.0.0.1", "front.example:80", True),
        ("127.0.0.1", "192.168.1.5:8080", False),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example:8080", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", None, False),
        (EVERYWHERE, "192.168.1.5:8080", True),
        (EVERYWHERE, "[2001:db8::1]", True),
        (EVERYWHERE, "api:8080", True),
        (EVERYWHERE, "evil.example", False),
        (EVERYWHERE, "evil.example.", False),
    ],
)
def test_host_must_be_a_name_that_nobody_else_can_point_here(
    bound: str, host: str | None, *, is_answered: bool
) -> None:
    rule = HostRule(bound, allowed=["front.example"])
    assert (rule.refusal(host, None, None) is None) is is_answered


@pytest.mark.parametrize(
    ("origin", "fetch_site", "is_answered"),
    [
        (None, None, True),
        (None, "same-origin", True),
        (None, "none", True),
        (None, "cross-site", False),
        (None, "same-site", False),
        ("http://localhost:8080", "same-origin", True),
        ("http://front.example", None, True),
        ("http://localhost:3000", None, False),
        ("http://localhost", None, False),
        ("https://evil.example", None, False),
        ("null", None, False),
        ("file://localhost:8080", None, False),
        ("http://[bad", None, False),
        ("", None, False),
    ],
)
def test_pages_of_other_sites_are_refused(
    origin: str | None, fetch_site: str | None, *, is_answered: bool
) -> None:
    rule = HostRule("127.0.0.1", allowed=["front.example"])
    assert (rule.refusal("localhost:8080", origin, fetch_site) is None) is is_answered
