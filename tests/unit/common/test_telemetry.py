"""What a log line looks like, for machines and for people."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from raceway_common.telemetry import configure_logging


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_machines_get_one_json_object_a_line() -> None:
    stream = io.StringIO()
    configure_logging("ingest", form="json", level="info", stream=stream)
    structlog.get_logger().info("batch_held", batch_id="b1", events=3)
    logging.getLogger("library").warning("said %s", "something")
    ours, theirs = (json.loads(line) for line in stream.getvalue().splitlines())
    assert ours.pop("timestamp").endswith("Z")
    assert ours == {
        "event": "batch_held",
        "batch_id": "b1",
        "events": 3,
        "level": "info",
        "service": "ingest",
    }
    assert (theirs["event"], theirs["level"]) == ("said something", "warning")


def test_people_get_plain_lines_without_colours_off_a_terminal() -> None:
    stream = io.StringIO()
    configure_logging("api", form="console", level="info", stream=stream)
    structlog.get_logger().warning("cache_lost", reason="refused")
    assert "cache_lost" in stream.getvalue()
    assert "reason=refused" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


def test_lines_below_the_level_are_left_out() -> None:
    stream = io.StringIO()
    configure_logging("api", form="json", level="warning", stream=stream)
    structlog.get_logger().info("trace_analyzed")
    logging.getLogger("library").info("chatter")
    assert not stream.getvalue()


@pytest.mark.parametrize("library", ["alembic.runtime.migration", "uvicorn.error"])
def test_libraries_that_tell_every_step_are_heard_only_when_something_is_wrong(library: str) -> None:
    stream = io.StringIO()
    configure_logging("api", form="json", level="info", stream=stream)
    logging.getLogger(library).info("step")
    logging.getLogger(library).warning("trouble")
    assert json.loads(stream.getvalue())["event"] == "trouble"


def test_auto_is_json_off_a_terminal() -> None:
    stream = io.StringIO()
    configure_logging("api", form="auto", level="info", stream=stream)
    structlog.get_logger().info("started")
    assert json.loads(stream.getvalue())["event"] == "started"


@pytest.mark.parametrize("form", ["json", "console"])
def test_errors_carry_their_traceback_but_no_values(form: str) -> None:
    stream = io.StringIO()
    configure_logging("api", form=form, level="info", stream=stream)
    _fail_holding("pay" + "load")
    assert "ValueError" in stream.getvalue()
    assert "_fail_holding" in stream.getvalue()
    assert "payload" not in stream.getvalue()


def _fail_holding(value: str) -> None:
    try:
        raise ValueError(len(value))
    except ValueError:
        structlog.get_logger().exception("request_failed")
