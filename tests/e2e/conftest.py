"""Raceway as real processes, once per session in each composition."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from raceway_cli.deployment import Deployment, all_in_one, suite


@pytest.fixture(scope="session")
def one_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """`raceway up` on a new data directory."""
    with all_in_one(tmp_path_factory.mktemp("up")) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def two_analyzers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The suite with two analyzers, over servers of its own."""
    with suite(tmp_path_factory.mktemp("suite"), analyzers=2) as deployment:
        yield deployment


@pytest.fixture(params=["one_process", "two_analyzers"])
def deployment(request: pytest.FixtureRequest) -> Deployment:
    """Each composition in turn."""
    running: Deployment = request.getfixturevalue(request.param)
    return running
