"""Requests in and out: one trace, one task each, clocks both ways, nothing that a caller could break."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import flask
import litestar
import litestar.testing
import pytest
import requests

import raceway
from raceway.propagation import ClockHeader, format_clock, parse_clock, parse_traceparent

Events = Callable[[], list[dict[str, Any]]]
TRACE = "0af76519-16cd-43dd-8448-eb211c80319c"
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CLOCK = format_clock(
    ClockHeader(TRACE, "b7ad6b7169203331", "00f067aa0ba902b7", "web", "i1", {"web#i1#request-1": 4})
)


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """The kinds in order."""
    return [next(iter(event["kind"])) for event in events]


def call(app: Any, path: str = "/", **headers: str) -> tuple[str, dict[str, str], bytes]:
    """Call a WSGI application as a server does."""
    answer: list[Any] = []
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path.partition("?")[0],
        "QUERY_STRING": path.partition("?")[2],
    }
    environ |= {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    body = app(environ, lambda status, headers, exc_info=None: answer.extend((status, dict(headers))))
    try:
        content = b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()
    return answer[0], answer[1], content


def hello(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """The smallest application."""
    raceway.event("inside")
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def test_a_request_is_a_trace_and_a_task(recorded: Events) -> None:
    app = raceway.wsgi(hello)
    assert call(app)[2] == b"hello"
    assert call(app)[2] == b"hello"
    events = recorded()
    assert kinds(events) == ["HttpRequest", "Custom", "HttpResponse"] * 2
    assert len({event["trace_id"] for event in events}) == 2
    assert len({event["metadata"]["task_id"] for event in events}) == 2
    first = events[:3]
    assert [event["parent_id"] for event in first] == [None, first[0]["id"], first[1]["id"]]
    assert first[0]["kind"]["HttpRequest"]["method"] == "GET"
    response = first[2]
    assert response["kind"]["HttpResponse"]["status"] == 200
    assert response["metadata"]["duration_ns"] >= 0
    assert response["metadata"]["start_ns"] <= first[1]["timestamp"]


def test_a_caller_with_a_clock_comes_before_and_is_answered(recorded: Events) -> None:
    _, headers, _ = call(raceway.wsgi(hello), traceparent=TRACEPARENT, raceway_clock=CLOCK)
    events = recorded()
    assert {event["trace_id"] for event in events} == {TRACE}
    assert events[0]["parent_id"] is None
    assert events[0]["metadata"]["distributed_span_id"] == "b7ad6b7169203331"
    assert events[0]["metadata"]["upstream_span_id"] == "00f067aa0ba902b7"
    assert all(["web#i1#request-1", 4] in event["causality_vector"] for event in events)
    answered = parse_clock(headers["raceway-clock"])
    assert answered is not None
    assert answered.clock[events[1]["causality_vector"][-1][0]] == events[1]["causality_vector"][-1][1]


def test_a_caller_with_traceparent_only(recorded: Events) -> None:
    _, headers, _ = call(raceway.wsgi(hello), traceparent=TRACEPARENT)
    first = recorded()[0]
    assert first["trace_id"] == TRACE
    assert first["metadata"]["upstream_span_id"] == "b7ad6b7169203331"
    assert first["metadata"]["distributed_span_id"] != "b7ad6b7169203331"
    assert "raceway-clock" not in headers


def test_a_caller_that_is_not_sampled_is_not_recorded(recorded: Events) -> None:
    call(raceway.wsgi(hello), traceparent=TRACEPARENT[:-1] + "0")
    assert recorded() == []


@pytest.mark.parametrize(
    ("headers", "malformed"),
    [
        ({"traceparent": "rubbish"}, 1),
        ({"raceway_clock": "v1;rubbish"}, 1),
        ({"traceparent": TRACEPARENT.replace("0af", "1af"), "raceway_clock": CLOCK}, 1),
        ({"traceparent": "\udcff", "raceway_clock": "v1;" + "A" * 10_000}, 2),
    ],
)
def test_what_is_malformed_is_counted_and_ignored(
    recorded: Events, headers: dict[str, str], malformed: int
) -> None:
    assert call(raceway.wsgi(hello), **headers)[2] == b"hello"
    assert raceway.stats()["malformed_headers"] == malformed
    events = recorded()
    assert kinds(events) == ["HttpRequest", "Custom", "HttpResponse"]
    assert all(len(event["causality_vector"]) == 1 for event in events)


def test_a_streamed_body_is_the_requests_work(recorded: Events) -> None:
    def stream(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
        start_response("200 OK", [])
        for part in (b"a", b"b"):
            raceway.event("part")
            yield part

    raceway.event("outside")
    assert call(raceway.wsgi(stream))[2] == b"ab"
    raceway.event("outside")
    events = recorded()
    assert kinds(events) == ["Custom", "HttpRequest", "Custom", "Custom", "HttpResponse", "Custom"]
    assert len({event["trace_id"] for event in events}) == 2


def test_a_failing_application_fails_as_before(recorded: Events) -> None:
    def fail(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        raise LookupError("gone")

    with pytest.raises(LookupError):
        call(raceway.wsgi(fail))
    events = recorded()
    assert kinds(events) == ["HttpRequest", "Error", "HttpResponse"]
    assert events[2]["kind"]["HttpResponse"]["status"] == 500


def test_secrets_in_the_query_stay_here(recorded: Events) -> None:
    call(raceway.wsgi(hello), "/login?user=ann&password=hunter2")
    url = recorded()[0]["kind"]["HttpRequest"]["url"]
    assert "user=ann" in url
    assert "hunter2" not in url


def test_flask_needs_no_line(recorded: Events) -> None:
    app = flask.Flask("shop")

    @app.get("/tea")
    def tea() -> str:
        raceway.event("inside")
        return "tea"

    @app.get("/fail")
    def fail() -> str:
        raise LookupError("gone")

    client = app.test_client()
    assert client.get("/tea").text == "tea"
    assert "Internal Server Error" in client.get("/fail").text
    events = recorded()
    assert kinds(events) == ["HttpRequest", "Custom", "HttpResponse", "HttpRequest", "Error", "HttpResponse"]
    assert events[4]["kind"]["Error"]["error_type"] == "LookupError"


def test_a_framework_imported_after_start(collector: Any) -> None:
    program = """
import sys, raceway
raceway.start("late", url=sys.argv[1])
import flask, uvicorn, litestar, wsgiref.simple_server
assert flask.Flask("x").test_client().get("/").text
assert flask.app.__spec__.loader is flask.app.__loader__
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program, collector.url], check=True, timeout=50)
    assert kinds(collector.events) == ["HttpRequest", "HttpResponse"]


def test_litestar_needs_no_line(recorded: Events) -> None:
    @litestar.get("/")
    async def tea() -> str:
        raceway.event("inside")
        return "tea"

    with litestar.testing.TestClient(litestar.Litestar([tea])) as client:
        assert client.get("/", headers={"traceparent": TRACEPARENT, "raceway-clock": CLOCK}).text == "tea"
    events = [event for event in recorded() if event["trace_id"] == TRACE]
    assert kinds(events) == ["HttpRequest", "Custom", "HttpResponse"]


def test_any_asgi_application(recorded: Events) -> None:
    async def app(scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        raceway.event("inside")
        await send({"type": "http.response.start", "status": 201, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"traceparent", TRACEPARENT.encode()), (b"raceway-clock", CLOCK.encode())]
    scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers}
    asyncio.run(raceway.asgi(raceway.asgi(app))(scope, None, send))  # type: ignore[arg-type]  # nobody receives
    events = [event for event in recorded() if event["trace_id"] == TRACE]
    assert kinds(events) == ["HttpRequest", "Custom", "HttpResponse"]
    assert events[2]["kind"]["HttpResponse"]["status"] == 201
    assert [name for name, _ in sent[0]["headers"]] == [b"raceway-clock"]


def get(url: str, **headers: str) -> None:
    """Make a request by urllib."""
    urllib.request.urlopen(urllib.request.Request(url, headers=headers)).close()  # noqa: S310 -- our own


class Peer:
    """A server that is not recorded; it answers with the headers it got, and a clock."""

    def __init__(self) -> None:
        peer = self
        self.seen: list[dict[str, str]] = []
        self.clock = ""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                peer.seen.append({name.lower(): value for name, value in self.headers.items()})
                self.send_response(200)
                if peer.clock:
                    self.send_header("raceway-clock", peer.clock)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A running peer, started before recording is."""
    peer = Peer()
    yield peer
    peer.server.shutdown()
    peer.thread.join()
    peer.server.server_close()


@pytest.mark.parametrize("client", ["urllib", "http.client", "requests"])
def test_an_outgoing_request_carries_trace_and_clock(peer: Peer, recorded: Events, client: str) -> None:
    raceway.event("before")
    match client:
        case "urllib":
            get(f"{peer.url}/x?token=abc")
        case "requests":
            requests.get(f"{peer.url}/x?token=abc", timeout=5).close()
        case _:
            connection = http.client.HTTPConnection(peer.url.removeprefix("http://"))
            connection.request("GET", "/x?token=abc")
            connection.getresponse().read()
            connection.close()
    events = recorded()
    assert kinds(events) == ["Custom", "HttpRequest", "HttpResponse"]
    parent, clock = parse_traceparent(peer.seen[0]["traceparent"]), parse_clock(peer.seen[0]["raceway-clock"])
    assert parent is not None
    assert clock is not None
    assert parent.trace_id == clock.trace_id == events[1]["trace_id"]
    assert (
        parent.span_id
        == clock.span_id
        != clock.parent_span_id
        == events[1]["metadata"]["distributed_span_id"]
    )
    assert list(clock.clock.items()) == [tuple(events[1]["causality_vector"][-1])]
    assert "abc" not in events[1]["kind"]["HttpRequest"]["url"]


def test_the_answers_clock_comes_before_what_follows(peer: Peer, recorded: Events) -> None:
    raceway.event("before")
    trace = recorded()[0]["trace_id"]
    peer.clock = format_clock(
        ClockHeader(trace, "b7ad6b7169203331", "", "peer", "i9", {"peer#i9#request-1": 3})
    )
    get(peer.url)
    assert ["peer#i9#request-1", 3] in recorded()[-1]["causality_vector"]


@pytest.mark.parametrize(
    "clock",
    ["v1;rubbish", format_clock(ClockHeader(TRACE, "b7ad6b7169203331", "", "peer", "i9", {"peer#i9#r": 3}))],
)
def test_an_answers_clock_that_is_malformed_or_foreign_is_ignored(
    peer: Peer, recorded: Events, clock: str
) -> None:
    peer.clock = clock
    get(peer.url)
    assert raceway.stats()["malformed_headers"] == 1
    assert len(recorded()[-1]["causality_vector"]) == 1


def test_a_header_of_the_applications_own_is_left_alone(peer: Peer, recorded: Events) -> None:
    get(peer.url, traceparent=TRACEPARENT)
    assert peer.seen[0]["traceparent"] == TRACEPARENT
    assert "raceway-clock" not in peer.seen[0]
    recorded()


def test_a_request_that_fails_is_an_error(recorded: Events) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        connection = http.client.HTTPConnection("127.0.0.1", nobody.getsockname()[1], timeout=5)
        with pytest.raises(ConnectionError):
            connection.request("GET", "/")
    raceway.event("after")
    assert kinds(recorded()) == ["HttpRequest", "Error", "Custom"]


SERVICE = """
import sys, threading, raceway
from wsgiref.simple_server import make_server, WSGIRequestHandler
raceway.start("callee", url=sys.argv[1])
shop = raceway.watch({"tea": 1}, "shop")

def app(environ, start_response):
    shop["tea"] += 1
    start_response("200 OK", [])
    return [b"ok"]

class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass

server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
print(server.server_port, flush=True)
server.handle_request()
"""


def test_two_processes_are_one_trace_in_order(collector: Any, start: Callable[..., None]) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SERVICE, collector.url], stdout=subprocess.PIPE, text=True
    ) as callee:
        assert callee.stdout is not None
        port = callee.stdout.readline().strip()
        start("caller")
        raceway.event("before")
        get(f"http://127.0.0.1:{port}/")
        raceway.event("after")
        assert raceway.flush()
        assert callee.wait(20) == 0
    by_name = {e["kind"]["Custom"]["name"]: e for e in collector.events if "Custom" in e["kind"]}
    changes = [e for e in collector.events if "StateChange" in e["kind"]]
    assert len(changes) == 2
    assert {e["trace_id"] for e in collector.events} == {by_name["before"]["trace_id"]}
    before, after = by_name["before"]["causality_vector"], by_name["after"]["causality_vector"]
    for change in changes:
        assert before[-1][1] <= dict(change["causality_vector"])[before[-1][0]]
        own, n = change["causality_vector"][-1]
        assert dict(after)[own] >= n


def test_outgoing_headers_for_clients_that_are_not_instrumented(recorded: Events) -> None:
    raceway.event("before")
    headers = raceway.outgoing_headers()
    assert set(headers) == {"traceparent", "raceway-clock"}
    assert parse_clock(headers["raceway-clock"]) is not None
    recorded()
    raceway.stop()
    assert raceway.outgoing_headers() == {}
