"""The table of answers of `POST /events` over HTTP."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import msgspec
import pytest
import zstandard
from anyio.abc import SocketStream
from tests.unit.core.wire import event_id, wire_event, write
from tests.unit.ingest.asking import desk, held_events
from tests.unit.ingest.bus import WaywardBus

from raceway_common.web.app import web_app
from raceway_common.web.server import serve
from raceway_ingest.body import Limits
from raceway_ingest.routes import ingest_routes

pytestmark = pytest.mark.anyio

BATCH = msgspec.json.encode({"batch_id": "b", "events": [wire_event(1), wire_event(2)]})
JSON = {"content-type": "application/json"}
GZIP = {"content-encoding": "gzip"}


@pytest.fixture
def bus() -> WaywardBus:
    return WaywardBus()


@pytest.fixture
async def client(bus: WaywardBus) -> AsyncIterator[httpx.AsyncClient]:
    async with desk(bus) as client:
        yield client


async def test_all_held(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    answer = await client.post("/events", content=BATCH, headers=JSON)

    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "data": "Ingested 2 events",
        "error": None,
        "accepted": 2,
        "rejected": [],
    }
    assert [event.id for event in held_events(bus)] == [event_id(1), event_id(2)]


async def test_some_refused(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    answer = await client.post("/events", json={"events": [wire_event(1), {"id": "x"}, wire_event(3)]})

    assert answer.status_code == 200
    assert answer.json()["accepted"] == 2
    assert answer.json()["rejected"] == [
        {
            "index": 1,
            "code": "malformed_event",
            "message": "metadata must be an object, got nothing",
            "id": "x",
        }
    ]
    assert len(held_events(bus)) == 2


async def test_nothing_usable(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    answer = await client.post("/events", json={"events": [{}, {}]})

    assert answer.status_code == 422
    assert answer.json()["success"] is False
    assert "none of the 2 events" in answer.json()["error"]
    assert [each["index"] for each in answer.json()["rejected"]] == [0, 1]
    assert not bus.held


async def test_an_empty_batch(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    answer = await client.post("/events", json={"events": []})

    assert (answer.status_code, answer.json()["accepted"], answer.json()["data"]) == (
        200,
        0,
        "Ingested 0 events",
    )
    assert not bus.held


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"{", {}, 400, "not application/json"),
        (b"", {}, 400, "not application/json"),
        (b"{}", {}, 422, "missing required field `events`"),
        (b"[]", {}, 422, "Expected `object`"),
        (b"[" * 2_000, {}, 422, "Expected `object`"),
        (b'{"a":' + b"[" * 2_000, {}, 400, "must not nest deeper than 512 levels"),
        (b"\xc1", {"content-type": "application/msgpack"}, 400, "not application/msgpack"),
        (BATCH, {"content-type": "text/csv"}, 415, "send application/json or application/msgpack"),
        (BATCH, {"content-encoding": "br"}, 415, "send gzip, zstd or none"),
        (BATCH, {"content-encoding": "gzip"}, 400, "the body is not gzip"),
        (gzip.compress(BATCH)[:-9], {"content-encoding": "gzip"}, 400, "ends too early"),
        (BATCH, {"content-length": "99999999999"}, 413, "larger than 33554432 bytes"),
    ],
)
async def test_unusable_bodies(
    client: httpx.AsyncClient, bus: WaywardBus, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    answer = await client.post("/events", content=body, headers=JSON | headers)

    assert answer.status_code == status, answer.text
    assert answer.json()["success"] is False
    assert answer.json()["data"] is None
    assert said in answer.json()["error"]
    assert not bus.held


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BATCH, {}),
        (BATCH, {"content-type": "application/json; charset=utf-8"}),
        (gzip.compress(BATCH), {"content-encoding": "gzip"}),
        (gzip.compress(BATCH[:50]) + gzip.compress(BATCH[50:]), {"content-encoding": "x-gzip"}),
        (zstandard.compress(BATCH), {"content-encoding": "ZSTD"}),
        (BATCH, {"content-encoding": "identity"}),
        (msgspec.msgpack.encode(msgspec.json.decode(BATCH)), {"content-type": "application/x-msgpack"}),
    ],
)
async def test_ways_to_write_a_body(
    client: httpx.AsyncClient, bus: WaywardBus, body: bytes, headers: dict[str, str]
) -> None:
    answer = await client.post("/events", content=body, headers=headers)

    assert answer.status_code == 200, answer.text
    assert [event.id for event in held_events(bus)] == [event_id(1), event_id(2)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
async def test_other_methods(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/events")

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


async def test_limits() -> None:
    limits = Limits(body_bytes=2_000, unpacked_bytes=3_000, held_bytes=1_500)
    large = msgspec.json.encode({"events": [], "padding": "x" * 2_960})
    async with desk(WaywardBus(), limits) as client:
        as_sent = await client.post("/events", content=large)
        unpacked = await client.post("/events", content=gzip.compress(large + b" " * 100), headers=GZIP)
        crowded = await client.post("/events", content=large[:1_800])
        fits = await client.post("/events", content=gzip.compress(large), headers=GZIP)

    assert (as_sent.status_code, "larger than 2000 bytes" in as_sent.text) == (413, True)
    assert (unpacked.status_code, "unpacks to more than 3000 bytes" in unpacked.text) == (413, True)
    assert (crowded.status_code, crowded.headers["retry-after"]) == (503, "1")
    assert fits.status_code == 200


async def test_a_bus_that_recovers_is_waited_for(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    bus.refusals = 2
    answer = await client.post("/events", content=BATCH)

    assert answer.status_code == 200
    assert bus.attempts == 3
    assert len(held_events(bus)) == 2


@pytest.mark.parametrize(("refusals", "is_silent"), [(1000, False), (0, True)])
async def test_a_bus_that_does_not_confirm(bus: WaywardBus, refusals: int, is_silent: bool) -> None:
    bus.refusals, bus.is_silent = refusals, is_silent
    async with desk(bus, Limits(confirm_s=0.1)) as client:
        failed = await client.post("/events", content=BATCH)
        bus.refusals, bus.is_silent = 0, False
        repeated = await client.post("/events", content=BATCH)
        again = await client.post("/events", content=BATCH)

    assert (failed.status_code, failed.headers["retry-after"]) == (503, "1")
    assert "send the batch again" in failed.json()["error"]
    assert (repeated.status_code, again.status_code) == (200, 200)
    assert len(held_events(bus)) == 2


async def test_a_retry_completes_what_was_held_in_part() -> None:
    bus = WaywardBus(max_body_bytes=2_500)
    events = [wire_event(n, kind=write(new_value="x" * 500)) for n in range(9)]
    bus.refusals = 2
    async with desk(bus, Limits(confirm_s=0.01)) as client:
        first = await client.post("/events", json={"batch_id": "b", "events": events})
        in_part = len(held_events(bus))
        second = await client.post("/events", json={"batch_id": "b", "events": events})

    assert (first.status_code, second.status_code) == (503, 200)
    assert 0 < in_part < 9
    assert [event.id for event in held_events(bus)] == [event_id(n) for n in range(9)]


async def test_long_bodies_are_read_too(client: httpx.AsyncClient, bus: WaywardBus) -> None:
    events = [wire_event(n) for n in range(1, 2001)]
    body = msgspec.json.encode({"events": events})
    plain = await client.post("/events", content=body)
    packed = await client.post(
        "/events", content=zstandard.compress(body), headers={"content-encoding": "zstd"}
    )

    assert plain.json()["accepted"] == packed.json()["accepted"] == 2000
    assert len(held_events(bus)) == 2000


@asynccontextmanager
async def _connection(bus: WaywardBus) -> AsyncIterator[SocketStream]:
    """Connect to ingest over `bus`, on a real socket."""
    app = web_app(ingest_routes(bus, limits=Limits()), host="127.0.0.1", api_key=None)
    async with anyio.create_task_group() as group:
        address = await group.start(serve, app, "127.0.0.1", 0)
        async with await anyio.connect_tcp(address.host, address.port) as stream:
            yield stream
        group.cancel_scope.cancel()


def _request(length: int, body: bytes) -> bytes:
    return b"POST /events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n%s" % (length, body)


async def test_a_gigabyte_is_refused_before_it_is_read(bus: WaywardBus) -> None:
    async with _connection(bus) as stream:
        await stream.send(_request(1_000_000_000, b"x" * 1000))
        assert (await stream.receive()).startswith(b"HTTP/1.1 413")


async def test_a_client_that_leaves_loses_nothing(bus: WaywardBus) -> None:
    bus.refusals = 1
    async with _connection(bus) as stream:
        await stream.send(_request(len(BATCH), BATCH))
        await bus.tried.wait()
        await stream.aclose()
        with anyio.fail_after(5):
            await bus.took.wait()

    assert len(held_events(bus)) == 2
