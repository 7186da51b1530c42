"""The banks' own events, recorded over HTTP instead of analyzed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from raceway_cli.demo import drive_banks

Event = dict[str, Any]


def record_banks(data: Path) -> list[Event]:
    """Return the events of three banks under concurrent transfers, in the order of their arrival."""
    with _recording() as (url, events):
        drive_banks(url, data, say=lambda _: None)
    return events


@contextmanager
def _recording() -> Iterator[tuple[str, list[Event]]]:
    events: list[Event] = []
    lock = Lock()

    class Recorder(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            batch = json.loads(body)
            with lock:
                events.extend(batch["events"])
            answer = json.dumps({"success": True, "accepted": len(batch["events"]), "rejected": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", events
        finally:
            server.shutdown()
            thread.join()
