"""`raceway analyze` on what took time: anomalies, clock offsets, operations, and what if."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec
import pytest
from click.testing import CliRunner
from tests.unit.core.build import MS, Story

from raceway_cli.commands.analyze import command
from raceway_cli.question import DURATION_OF, FACTOR_OF


def _requests(count: int, *, slow: int) -> str:
    """Return requests to a service that asks another, on a host whose clock is 250 ms ahead."""
    return "\n".join(
        line for number in range(count) for line in _request(number, 200 if number == slow else 20)
    )


def _request(number: int, took_ms: float) -> list[str]:
    at = number * 1000.0
    shop = Story(f"t{number:02}", service="shop", instance="s", host="web-1")
    stock = Story(f"t{number:02}", service="stock", instance="q", host="db-1")
    order = shop.http("/order", at=at)
    asked = shop.http("/stock", at=at + 1, parent=order)
    served = stock.call(
        "reserve", began=at + 252, at=at + 252 + took_ms, lasts_ms=took_ms, parent=asked, id="s1"
    )
    stock.answer(at=at + 253 + took_ms, parent=served, id="s2")
    shop.answer(at=at + 5 + took_ms, parent=asked)
    shop.answer(at=at + 6 + took_ms, parent=order)
    return [msgspec.json.encode(event).decode() for event in (*shop.events, *stock.events)]


GIVEN = _requests(40, slow=30)


def _output(*arguments: str) -> str:
    result = CliRunner().invoke(command, ["-", *arguments], input=GIVEN, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def _report(*arguments: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(_output("--json", *arguments))
    return report


def test_the_report_names_the_operation_that_was_slow() -> None:
    report = _report()
    [anomaly] = report["anomalies"]
    assert (anomaly["service"], anomaly["operation"], anomaly["kind"]) == ("stock", "reserve", "latency")
    assert (anomaly["trace_id"], anomaly["event_id"]) == ("t30", "s1")
    assert (anomaly["actual_ns"], anomaly["severity"]) == (str(200 * MS), "critical")
    assert int(anomaly["expected_ns"]) == pytest.approx(20 * MS, rel=0.01)
    assert [row["insufficient_data"] for row in report["baselines"]] == [False] * 3


def test_the_report_bounds_the_clocks() -> None:
    clock = _report()["clock"]
    [row] = [row for row in clock["offsets"] if row["host"] != row["reference"]]
    assert (row["host"], row["reference"]) == ("web-1", "db-1")
    assert int(row["low_ns"]) <= 250 * MS <= int(row["high_ns"])
    assert clock["steps"] == []


def test_the_report_says_what_operations_cost() -> None:
    report = _report("--what-if", "reserve=0.5")
    [reserve] = [row for row in report["operations"] if row["operation"] == "reserve"]
    assert (reserve["critical_ns"], reserve["drag_ns"]) == (str(980 * MS), str(980 * MS))
    assert (reserve["traces"], reserve["presence"]) == (40, 1.0)
    answer = report["what_if"]
    assert int(answer["before_ns"]) - int(answer["after_ns"]) == 490 * MS


def test_the_readable_text_shows_all_of_it() -> None:
    text = _output("--what-if", "reserve=0.5", "--slow", "POST /order=100ms")
    for part in ("latency", "limit", "200 ms", "if reserve took 0.5 ×", "web-1", "on critical paths"):
        assert part in text


@pytest.mark.parametrize(("level", "status"), [("critical", 1), ("warning", 1), ("proven", 0)])
def test_an_anomaly_counts_by_its_severity(level: str, status: int) -> None:
    assert CliRunner().invoke(command, ["-", "--fail-on", level], input=GIVEN).exit_code == status


@pytest.mark.parametrize("value", ["reserve", "=2", "reserve=x", "reserve=-1", "reserve=inf", "reserve=nan"])
def test_a_factor_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(click.BadParameter, match="expected NAME=FACTOR such as"):
        FACTOR_OF.convert(value, None, None)


@pytest.mark.parametrize(
    ("value", "name", "limit_ns"),
    [
        ("a=b=1.5s", "a=b", 1.5e9),
        ("x=200ms", "x", 2e8),
        ("x=3us", "x", 3e3),
        ("x=3µs", "x", 3e3),
        ("x=7ns", "x", 7),
    ],
)
def test_a_duration_is_read_with_its_unit(value: str, name: str, limit_ns: float) -> None:
    assert DURATION_OF.convert(value, None, None) == (name, limit_ns)


def test_a_duration_needs_a_unit() -> None:
    with pytest.raises(click.BadParameter):
        DURATION_OF.convert("x=200", None, None)
