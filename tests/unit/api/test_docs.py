"""The description of the API, and the page that shows it without any other server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from tests.unit.api.serving import Serving

from raceway_core.intake import Form, accept

pytestmark = pytest.mark.anyio


async def test_every_route_is_described_with_what_it_answers(empty_api: Serving) -> None:
    document = await empty_api.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    operations = [
        (path, operation) for path, methods in document["paths"].items() for operation in methods.values()
    ]
    assert {"/api/traces/{trace_id}", "/races", "/api/v1/races/{fingerprint}"} <= {
        path for path, _ in operations
    }
    for path, operation in operations:
        assert operation["summary"], path
        assert operation["tags"], path
        schema = next(iter(operation["responses"]["200"]["content"].values()))["schema"]
        assert "$ref" in schema, path
    ids = [operation["operationId"] for _, operation in operations]
    assert len(ids) == len(set(ids))


async def test_every_reference_leads_somewhere(empty_api: Serving) -> None:
    document = await empty_api.get("/openapi.json")
    references = set(_references(document))
    assert len(references) > 20
    for reference in references:
        target = document
        for part in reference.removeprefix("#/").split("/"):
            target = target[part]


async def test_taking_in_is_described_though_another_service_does_it(empty_api: Serving) -> None:
    document = await empty_api.get("/openapi.json")
    operation = document["paths"]["/events"]["post"]
    assert {"200", "400", "401", "403", "413", "415", "422", "503"} == operation["responses"].keys()
    body = operation["requestBody"]["content"]["application/json"]
    name = body["schema"]["$ref"].rpartition("/")[2]
    assert document["components"]["schemas"][name]["required"] == ["events"]
    intake = accept(msgspec.json.encode(body["example"]), Form.JSON, most_message_bytes=1 << 20)
    assert (intake.accepted, intake.rejected) == (1, ())


async def test_the_page_loads_nothing_from_elsewhere(empty_api: Serving) -> None:
    page = await empty_api.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(loaded) == 4
    for path in loaded:
        assert path.startswith("/docs/")
        file = await empty_api.client.get(path)
        assert (file.status_code, bool(file.content)) == (200, True)
    assert '"/openapi.json"' in (await empty_api.client.get("/docs/start.js")).text


@pytest.mark.parametrize("name", ["swagger-ui.js.map", "..%2F__init__.py", "%2e%2e", "x"])
async def test_no_other_file_is_served(empty_api: Serving, name: str) -> None:
    assert (await empty_api.client.get(f"/docs/{name}")).status_code == 404


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)
