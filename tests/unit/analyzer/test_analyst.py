"""What becomes of traces: a result each, whatever happens to the places where they are analyzed."""

from __future__ import annotations

import msgspec
import pytest
from tests.unit.analyzer.rig import Place
from tests.unit.core.build import Story

from raceway_analyzer.analyst import ATTEMPTS_ALONE, LOT_BYTES, LOT_JOBS, Analyst, lots, trace_bytes
from raceway_analyzer.failure import ANALYSIS_FAILED
from raceway_analyzer.job import Done, Job, RunJob
from raceway_common.chunk import events_in
from raceway_common.compression import compress
from raceway_common.ports.work_queue import RunClaim, TraceClaim
from raceway_core.event import TraceId
from raceway_core.options import DEFAULTS

pytestmark = pytest.mark.anyio


def _job(name: str, *, chunk: bytes | None = None) -> Job:
    story = Story(name)
    story.write("x", 1)
    story.write("x", 2, on="other")
    body = chunk if chunk is not None else msgspec.msgpack.encode(story.events)
    return Job(TraceClaim(TraceId(name), 3), (compress(body),))


def _by_trace(done: list[Done]) -> dict[str, Done]:
    return {each.outcome.claim.trace_id: each for each in done}


async def test_every_trace_has_its_result() -> None:
    names = [f"t{n}" for n in range(LOT_JOBS + 5)]
    done = await Analyst(Place().run, DEFAULTS).analyze([_job(name) for name in names])

    found = _by_trace(done)
    assert len(done) == len(found) == len(names)
    for name in names:
        outcome = found[name].outcome
        assert outcome.claim.version == 3
        assert (outcome.summary.trace_id, outcome.summary.event_count) == (name, 2)
        assert found[name].error == ""


async def test_a_trace_that_cannot_be_analyzed_is_recorded_and_the_others_go_on() -> None:
    bad = msgspec.msgpack.encode(["not an event"])
    jobs = [_job("a"), _job("bad", chunk=bad), _job("c")]
    found = _by_trace(await Analyst(Place().run, DEFAULTS).analyze(jobs))

    assert found["bad"].outcome.summary.notes == {ANALYSIS_FAILED: 1}
    assert "stored events cannot be read" in found["bad"].error
    assert [found[name].error for name in "ac"] == ["", ""]


async def test_a_place_that_is_lost_once_costs_nothing() -> None:
    place = Place(lambda _: place.deaths == 0)
    found = _by_trace(await Analyst(place.run, DEFAULTS).analyze([_job("a"), _job("b")]))

    assert [found[name].error for name in "ab"] == ["", ""]


async def test_a_trace_that_kills_its_place_takes_no_other_along() -> None:
    place = Place(lambda job: b"killer" in job)
    found = _by_trace(await Analyst(place.run, DEFAULTS).analyze([_job("a"), _job("killer"), _job("c")]))

    assert [found[name].error for name in "ac"] == ["", ""]
    assert found["killer"].outcome.summary.notes == {ANALYSIS_FAILED: 1}
    assert place.deaths == 1 + ATTEMPTS_ALONE


async def test_a_run_that_kills_its_place_is_given_up() -> None:
    place = Place(lambda _: True)
    [counted] = await Analyst(place.run, DEFAULTS).count([RunJob(RunClaim("v", "global", 1, 1), ())])

    assert counted.outcome.findings == ()
    assert "died" in counted.error


def test_lots_are_bounded_and_a_huge_trace_is_alone() -> None:
    small = [_job(f"s{n}") for n in range(LOT_JOBS + 1)]
    huge = Job(TraceClaim(TraceId("huge"), 3), (b"x" * (LOT_BYTES + 1),))
    sizes = [[job.claim.trace_id for job in lot] for lot in lots([small[0], huge, *small[1:]], trace_bytes)]

    assert sizes[:2] == [["s0"], ["huge"]]
    assert list(map(len, sizes[2:])) == [LOT_JOBS]
    assert len(events_in(small[0].chunks)) == 2
