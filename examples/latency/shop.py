"""Print the events of a small shop as JSON lines, for `raceway analyze`: always the same ones.

An order asks two other services at once and waits for one, then the other. `reserve` runs on another
host, whose clock is 250 ms ahead until it is set right before order 120. `quote` is slow once, in order
60; `reserve` takes three times as long from order 90 on.

Usage: python examples/latency/shop.py > shop.jsonl
"""

from __future__ import annotations

import json
from collections.abc import Iterator

ORDERS = 160
NOON_MS = 1_767_268_800_000
NS_PER_MS = 1_000_000

Event = dict[str, object]


class Order:
    """The events of one order; times are milliseconds after it began."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.trace_id = f"order-{number:03}"

    def event(self, name: str, at: float, kind: Event, parent: str | None, **where: object) -> Event:
        """Return one event as `POST /events` takes it."""
        time_ns = (NOON_MS + 1000 * self.number) * NS_PER_MS + round(at * NS_PER_MS)
        metadata = {"service_name": "shop", "instance_id": "shop-1", "process_id": 1, "host": "web-1"} | where
        ids = {"id": name, "trace_id": self.trace_id, "parent_id": parent}
        return {**ids, "timestamp": str(time_ns), "kind": kind, "metadata": metadata}

    def events(self) -> Iterator[Event]:
        """Yield the events of all services."""
        varied = self.number * 7 % 11 / 10
        reserve = (60 if self.number >= 90 else 20) + varied
        quote = (150 if self.number == 60 else 15) + varied
        ahead = 250 if self.number < 120 else 0
        answered = {"reserve": 5 + reserve, "quote": 5.1 + max(reserve, quote)}
        main = {"task_id": "handler"}
        yield self.event("order", 0, _request("POST", "/order"), None, **main)
        for task in ("reserve", "quote"):
            yield self.event(f"spawn-{task}", 1, {"AsyncSpawn": {"task_id": f"{task}-task"}}, "order", **main)
        yield from self.call("reserve", reserve, service="stock", host="db-1", ahead=ahead)
        yield from self.call("quote", quote, service="price", host="web-1", ahead=0)
        for task, at in answered.items():
            yield self.event(
                f"await-{task}", at, {"AsyncAwait": {"future_id": f"{task}-task"}}, "order", **main
            )
        yield self.event("done", answered["quote"] + 1, _response(), "order", **main)

    def call(self, name: str, took: float, *, service: str, host: str, ahead: float) -> Iterator[Event]:
        """Yield a request, what it does elsewhere, and the response."""
        here = {"task_id": f"{name}-task"}
        there = {"service_name": service, "instance_id": f"{service}-1", "host": host}
        measured = there | {"duration_ns": round(took * NS_PER_MS)}
        done = 3 + took
        yield self.event(f"ask-{name}", 2, _request("GET", f"/{name}"), f"spawn-{name}", **here)
        work: Event = {"FunctionCall": {"function_name": name, "file": f"{service}.py", "line": 12}}
        yield self.event(name, done + ahead, work, f"ask-{name}", **measured)
        yield self.event(f"reply-{name}", done + ahead, _response(), name, **there)
        yield self.event(f"answer-{name}", done + 1, _response(), f"ask-{name}", **here)


def _request(method: str, url: str) -> Event:
    return {"HttpRequest": {"method": method, "url": url}}


def _response() -> Event:
    return {"HttpResponse": {"status": 200}}


if __name__ == "__main__":
    for number in range(ORDERS):
        for event in Order(number).events():
            print(json.dumps(event))
