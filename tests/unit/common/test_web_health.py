"""Liveness, readiness and version."""

from __future__ import annotations

import anyio
import pytest

from raceway_common.web.health import run_checks
from raceway_core.errors import Retryable

pytestmark = pytest.mark.anyio


async def _answers() -> None:
    await anyio.lowlevel.checkpoint()


async def _is_away() -> None:
    raise Retryable("connection refused")


async def test_every_dependency_is_named_with_its_state() -> None:
    found = await run_checks({"bus": _answers, "database": _is_away})
    assert found == {"bus": "ok", "database": "connection refused"}


async def test_silence_is_not_readiness() -> None:
    found = await run_checks({"bus": anyio.sleep_forever, "database": _answers}, deadline_s=0.01)
    assert found == {"bus": "no answer within 0.01 s", "database": "ok"}


async def test_a_fault_in_a_check_is_not_taken_for_an_outage() -> None:
    async def is_broken() -> None:
        raise ValueError

    with pytest.RaisesGroup(ValueError):
        await run_checks({"bus": is_broken})
