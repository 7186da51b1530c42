"""Which addresses a server may bind, and which `Host` and `Origin` it answers, when no key protects it.

A page of another site can reach a server on the reader's own machine in two ways. It may send
requests to it: then the browser names the page's `Origin` or `Sec-Fetch-Site`. Or it may let its
own domain name resolve to 127.0.0.1 ("DNS rebinding"), so that the browser takes the server for a
part of the page's site: then `Host` is that domain. So names that anybody can register are refused,
and with them every foreign origin.

Sources: Fetch standard (Origin), Fetch Metadata Request Headers (W3C), RFC 6761 (localhost).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from raceway_core.errors import Rejected

_MOST_NAMES = 16
"""A server has few names, asked of it by every request. Others are strangers' texts, and may be long."""


def refuse_exposed(host: str, *, api_key: str | None, insecure: bool) -> None:
    """Return if a server may listen on `host`.

    Raises:
        Rejected: Others could reach the server, nothing protects it, and nobody said that this is meant.
    """
    if api_key is None and not insecure and not is_loopback(host):
        raise Rejected(
            f"refusing to listen on {host!r} without an API key: anybody who reaches this machine could read"
            " and write. Set RACEWAY_API_KEY, listen on 127.0.0.1, or say --insecure if this is meant"
        )


@lru_cache(_MOST_NAMES)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server that listens on `host`."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class HostRule:
    """Tells whether a request was meant for this server and does not come from another site's page.

    Bound to a loopback address it answers to loopback names only; else also to IP addresses and to
    names without a dot, such as a container's, which nobody can register. `allowed` adds names.
    """

    def __init__(self, bound: str, allowed: Iterable[str] = ()) -> None:
        self._is_local = is_loopback(bound)
        self._allowed = frozenset(name.lower() for name in allowed)

    def refusal(self, host: str | None, origin: str | None, fetch_site: str | None) -> str | None:
        """Return why a request with these headers is refused, None if it is not.

        `fetch_site` is `Sec-Fetch-Site`, or None for a navigation: following a link is no attack.
        """
        name = _name_of(host)
        if name is None or not self._is_ours(name):
            return f"Host is {host!r}, which is not this server; if it is, add it to RACEWAY_ALLOWED_HOSTS"
        return self.foreign(host, origin, fetch_site)

    def foreign(self, host: str | None, origin: str | None, fetch_site: str | None) -> str | None:
        """Return why a request is refused as coming from another site's page, None if it does not."""
        if origin is not None and not self._is_same(origin, str(host)):
            return f"requests from pages of {origin!r} are refused"
        if origin is None and fetch_site in {"cross-site", "same-site"}:
            return "requests from pages of other sites are refused"
        return None

    def _is_ours(self, name: str) -> bool:
        return name in self._allowed or is_loopback(name) or (not self._is_local and _is_unregistrable(name))

    def _is_same(self, origin: str, host: str) -> bool:
        scheme, _, authority = origin.partition("://")
        return scheme in {"http", "https"} and (
            authority.lower() == host.lower() or _name_of(authority) in self._allowed
        )


@lru_cache(_MOST_NAMES)
def _name_of(host: str | None) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname if host else None
    except ValueError:
        return None


def _is_unregistrable(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return "." not in name.rstrip(".")
    return True
