"""`/api/v1/traces/{id}/critical-path/what-if` and `/clocks`: computed from a trace's events when asked."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.api.serving import Serving
from tests.unit.api.stories import UNKNOWN_TRACE
from tests.unit.core.build import Story

from raceway_api.v1.cost import TraceClocks, TraceCosts
from raceway_core.event import Event

pytestmark = pytest.mark.anyio

TRACE = "00000000-0000-4000-8000-00000000c057"
WHAT_IF = f"/api/v1/traces/{TRACE}/critical-path/what-if"
CLOCKS = f"/api/v1/traces/{TRACE}/clocks"


def shop() -> list[Event]:
    """Tell of an order of 10 ms: it asks two tasks at once, one takes 8 ms and the other 3 ms."""
    story = Story(TRACE)
    order = story.call("order", at=10, lasts_ms=10, began=0)
    story.call("charge", at=9, lasts_ms=8, began=1, parent=order, on="w1", task="charge")
    story.call("mail", at=4, lasts_ms=3, began=1, parent=order, on="w2", task="mail")
    return story.events


def two_hosts() -> list[Event]:
    """Tell of a message each way, a millisecond under way, between clocks that are 5 ms apart."""
    story = Story(TRACE)
    story.send("m1", at=0, host="ha", on="a")
    story.receive("m1", at=6, host="hb", service="b", instance="ib", on="b")
    story.send("m2", at=7, host="hb", service="b", instance="ib", on="b")
    story.receive("m2", at=3, host="ha", on="a")
    return story.events


@pytest.mark.parametrize(("route", "view"), [(WHAT_IF, TraceCosts), (CLOCKS, TraceClocks)])
async def test_routes_answer_what_is_documented(api: Serving, route: str, view: type[msgspec.Struct]) -> None:
    await api.keep(shop())
    answer = await api.client.get(route)
    assert answer.status_code == 200
    assert msgspec.json.encode(msgspec.json.decode(answer.content, type=view)) == answer.content
    etag = answer.headers["etag"]
    assert (await api.client.get(route, headers={"If-None-Match": etag})).status_code == 304


async def test_a_faster_operation_saves_what_was_on_the_path(api: Serving) -> None:
    await api.keep(shop())
    costs = await api.get(WHAT_IF, parameters={"operation": "charge", "factor": "0.5"})
    drags = {cost["operation"]: cost["drag_ns"] for cost in costs["operations"]}
    assert drags["charge"] == "5000000"  # without it, mail is what the order waits for
    assert costs["what_if"] == {
        "operation": "charge", "factor": 0.5, "before_ns": "10000000", "after_ns": "6000000",
    }  # fmt: skip
    assert [(slack["operation"], slack["slack_ns"]) for slack in costs["slacks"]] == [("mail", "5000000")]


async def test_hosts_differ_by_what_their_messages_say(api: Serving) -> None:
    await api.keep(two_hosts())
    clocks = await api.get(CLOCKS)
    (offset,) = [offset for offset in clocks["offsets"] if offset["host"] != offset["reference"]]
    low, high = int(offset["low_ns"]), int(offset["high_ns"])
    assert low <= (-5_000_000 if offset["host"] == "hb" else 5_000_000) <= high
    assert (clocks["total_issues"], clocks["issues"], clocks["steps"]) == (0, [], [])


async def test_a_clock_that_was_set_is_a_step(api: Serving) -> None:
    story = Story(TRACE)
    story.send("m1", at=0, host="ha", on="a")
    story.receive("m1", at=-6, host="hb", service="b", instance="ib", on="b")
    story.send("m2", at=7, host="hb", service="b", instance="ib", on="b")
    story.receive("m2", at=3, host="ha", on="a")
    await api.keep(story.events)
    assert len((await api.get(CLOCKS))["steps"]) == 1


@pytest.mark.parametrize(
    ("route", "status", "detail"),
    [
        (f"{WHAT_IF}?operation=charge", 400, "give both, such as ?operation=charge&factor=0.5"),
        (f"{WHAT_IF}?factor=2", 400, "give both"),
        (f"{WHAT_IF}?operation=charge&factor=-1", 400, "factor"),
        (f"{WHAT_IF}?operation=charge&factor=nan", 400, "factor"),
        (f"/api/v1/traces/{UNKNOWN_TRACE}/critical-path/what-if", 404, "is stored"),
        (f"/api/v1/traces/{UNKNOWN_TRACE}/clocks", 404, "is stored"),
    ],
)
async def test_what_cannot_be_answered_is_a_problem(
    api: Serving, route: str, status: int, detail: str
) -> None:
    await api.keep(shop())
    problem = await api.get(route, status=status)
    assert detail in str(problem)
