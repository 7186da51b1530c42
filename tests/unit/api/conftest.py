"""The API over real SQLite stores, a new file per test."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from tests.unit.api.serving import Serving, serving
from tests.unit.api.stories import events_of, result_of

from raceway_common.schema.migrate import migrate


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database with the current schema, to be copied."""
    path = tmp_path_factory.mktemp("schema") / "raceway.db"
    anyio.run(migrate, f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
async def empty_api(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serving]:
    """The API with nothing stored, for all tests of a module."""
    path = tmp_path_factory.mktemp("empty") / "raceway.db"
    shutil.copy(migrated_file, path)
    async with serving(path) as running:
        yield running


@pytest.fixture(scope="module")
async def filled_api(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Serving]:
    """The API with the worked example analyzed, for all tests of a module."""
    path = tmp_path_factory.mktemp("filled") / "raceway.db"
    shutil.copy(migrated_file, path)
    async with serving(path) as running:
        await running.keep(events_of())
        await running.publish_result(result_of())
        yield running


@pytest.fixture
async def api(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Serving]:
    """The API with nothing stored yet, for a test that stores something."""
    path = tmp_path / "raceway.db"
    shutil.copy(migrated_file, path)
    async with serving(path) as running:
        yield running
