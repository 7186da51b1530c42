"""One kept-alive HTTP connection to Raceway's intake."""

from __future__ import annotations

import gzip
import http.client
import ipaddress
import json
from typing import NamedTuple
from urllib.parse import urlsplit

from raceway.retry import retry_after_s

TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 1 << 20


class Lost(Exception):
    """There was no answer: nobody listens, or the connection broke."""


class Answer(NamedTuple):
    """What the server said. `rejected` are the places of events in the batch, -1 where it names none."""

    status: int
    retry_after_s: float | None
    rejected: tuple[int, ...]


class Transport:
    """Posts bodies to `{url}/events`. Not for several threads, nor across a fork."""

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        self._is_secure = parts.scheme == "https"
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port
        self._path = f"{parts.path.rstrip('/')}/events"
        self._headers = {"Content-Type": "application/json", "User-Agent": "raceway-sdk-python"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._compresses = not _is_loopback(self._host)
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: bytes) -> Answer:
        """Send a body and return the answer.

        Raises:
            Lost: No answer came; whether the server has the body is unknown.
        """
        headers = dict(self._headers)
        if self._compresses:
            body, headers["Content-Encoding"] = gzip.compress(body, compresslevel=1), "gzip"
        was_open = self._connection is not None
        try:
            return self._exchange(body, headers)
        except Lost:
            if not was_open:
                raise
        return self._exchange(body, headers)  # a server may close what was idle; that is no outage

    def _exchange(self, body: bytes, headers: dict[str, str]) -> Answer:
        try:
            connection = self._connect()
            connection.request("POST", self._path, body, headers)
            response = connection.getresponse()
            content = response.read(MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise Lost(str(error) or type(error).__name__) from error
        if not response.isclosed():
            self.close()
        return Answer(response.status, retry_after_s(response.getheader("Retry-After")), _rejected(content))

    def close(self) -> None:
        """Close the connection; the next post opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> http.client.HTTPConnection:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._is_secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=TIMEOUT_S)
        return self._connection


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _rejected(content: bytes) -> tuple[int, ...]:
    try:
        return tuple(_index(entry) for entry in json.loads(content)["rejected"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def _index(entry: object) -> int:
    index = entry.get("index") if isinstance(entry, dict) else None
    return index if type(index) is int else -1
