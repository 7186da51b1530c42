"""No route of the API is left open, now or when somebody adds one."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest
from tests.unit.api.serving import Serving, serving
from tests.unit.api.stories import TRACE

pytestmark = pytest.mark.anyio

KEY = "rw_read_0123456789"
OPEN = {"/livez", "/readyz", "/version"}
SIGN_IN = {"/auth/check", "/auth/login", "/auth/logout"}
UNDESCRIBED = {"/openapi.json", "/openapi", "/docs", "/docs/start.js"}


@pytest.fixture(scope="module")
async def guarded_api(
    migrated_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Serving]:
    """The API with a key."""
    path = tmp_path_factory.mktemp("guarded") / "raceway.db"
    shutil.copy(migrated_file, path)
    async with serving(path, api_key=KEY) as running:
        yield running


async def test_every_route_needs_the_key_but_the_open_ones(guarded_api: Serving) -> None:
    with_key = {"Authorization": f"Bearer {KEY}"}
    described = (await guarded_api.client.get("/openapi.json", headers=with_key)).json()["paths"]
    paths = _filled_in(described) | UNDESCRIBED
    assert len(paths) > 20
    assert paths > OPEN | SIGN_IN
    for path in paths:
        without = await guarded_api.client.get(path)
        assert (without.status_code == 401) is (path not in OPEN | SIGN_IN), path
        assert (await guarded_api.client.get(path, headers=with_key)).status_code in {200, 400, 404, 405}, (
            path
        )


async def test_no_route_answers_to_another_name(empty_api: Serving) -> None:
    described = (await empty_api.get("/openapi.json"))["paths"]
    for path in _filled_in(described) | UNDESCRIBED:
        rebound = await empty_api.client.get(path, headers={"Host": "evil.example"})
        assert rebound.status_code == 403, path
        foreign = await empty_api.client.get(path, headers={"Origin": "https://evil.example"})
        assert foreign.status_code == 403, path


def _filled_in(templates: Iterable[str]) -> set[str]:
    values = {"{trace_id}": TRACE, "{variable}": "balance", "{fingerprint}": "f1", "{name}": "ledger"}
    paths = set()
    for template in templates:
        path = template
        for name, value in values.items():
            path = path.replace(name, value)
        assert "{" not in path, f"say what to fill in for {template}"
        paths.add(path)
    return paths
