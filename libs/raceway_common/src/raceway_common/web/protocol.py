"""HTTP/1.1 with a bound on the head of a request: target, headers and trailers together.

uvicorn's parser collects a head for as long as a client sends it. A body is bounded by
whoever reads it; a head is collected before anybody is asked.
"""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MOST_HEAD_BYTES = 512 << 10
"""More than one read from a socket (256 KiB), which may hold the end of another request's body."""


class HeadTooLargeError(ValueError):
    """Raised into the parser, which then refuses the request and closes the connection."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection; see the module."""

    _header_bytes = 0
    _unparsed_bytes = 0
    _is_in_head = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._unparsed_bytes = self._unparsed_bytes + len(data) if self._is_in_head else 0
        if self._unparsed_bytes > MOST_HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def on_message_begin(self) -> None:
        self._header_bytes = 0
        self._is_in_head = True
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        super().on_headers_complete()

    def _count(self, size: int) -> None:
        self._header_bytes += size
        if self._header_bytes > MOST_HEAD_BYTES:
            raise HeadTooLargeError(self._header_bytes)
