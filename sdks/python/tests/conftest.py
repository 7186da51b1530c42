"""A real collector on a real port, and a process that records into it."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import raceway


class Collector:
    """An intake that keeps what it is sent. `script` holds the answers to give before any 200."""

    def __init__(self) -> None:
        self.batches: list[dict[str, Any]] = []
        self.attempts: list[dict[str, Any]] = []
        self.script: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.hangs_up = False
        self.gate = threading.Event()
        self.gate.set()
        self.arrived = threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event of every accepted batch, in order of arrival."""
        return [event for batch in self.batches for event in batch["events"]]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """The payloads of one kind, with the event under `event`."""
        return [{**event["kind"][kind], "event": event} for event in self.events if kind in event["kind"]]

    def close(self) -> None:
        """Stop to listen."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, batch: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        self.arrived.set()
        self.gate.wait(30)
        self.attempts.append(batch)
        status, headers, body = self.script.pop(0) if self.script else (200, {}, {"success": True})
        if status == 200:
            self.batches.append(batch)
        return status, headers, body

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        collector = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                batch = {**json.loads(body), "headers": dict(self.headers.items()), "path": self.path}
                status, headers, answer = collector._answer(batch)
                text = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text)
                self.close_connection = self.close_connection or collector.hangs_up

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def collector() -> Iterator[Collector]:
    """A running collector."""
    collector = Collector()
    yield collector
    collector.gate.set()
    collector.close()


@pytest.fixture
def start(collector: Collector) -> Iterator[Callable[..., None]]:
    """Start to record into the collector; what was started is stopped."""

    def start(service: str = "shop", **options: Any) -> None:
        raceway.start(service, url=collector.url, **options)

    yield start
    raceway.stop()


@pytest.fixture
def recorded(collector: Collector, start: Callable[..., None]) -> Callable[[], list[dict[str, Any]]]:
    """Record from now on; calling it gives the events so far."""
    start()

    def events() -> list[dict[str, Any]]:
        assert raceway.flush()
        return collector.events

    return events
