"""The schema of the report is that of its types, and reports of every format keep to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # the package has no types
from tests.unit.cli.reading import DOCTORS, FORK_JOIN, ROOT, SAMPLES, analyze, story
from tests.unit.cli.test_analyze_latency import GIVEN as SLOW
from tools.report_schema import render

SCHEMA = json.loads((ROOT / "docs" / "reference" / "report.schema.json").read_text())


def _strict() -> Draft202012Validator:
    """Return a validator that knows no other keys than those of the schema."""
    parts = {
        name: part | {"additionalProperties": False} if "properties" in part else part
        for name, part in SCHEMA["$defs"].items()
    }
    return Draft202012Validator(SCHEMA | {"$defs": parts})


def _problems(report: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in _strict().iter_errors(report)]


def test_the_committed_schema_is_that_of_the_types() -> None:
    assert json.loads(render()) == SCHEMA, (
        "run: python tools/report_schema.py > docs/reference/report.schema.json"
    )
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", [*SAMPLES, FORK_JOIN, DOCTORS], ids=lambda path: path.name)
def test_a_report_keeps_to_the_schema(file: Path) -> None:
    assert _problems(json.loads(analyze(file, "--json", "--all").stdout)) == []


@pytest.mark.parametrize(
    ("given", "arguments"),
    [(story(), ()), (story() + story(2), ("--all",)), (SLOW, ("--what-if", "reserve=0.5"))],
    ids=["race", "two traces", "latency"],
)
def test_a_report_of_events_keeps_to_the_schema(given: str, arguments: tuple[str, ...]) -> None:
    assert _problems(json.loads(analyze("-", "--json", *arguments, given=given).stdout)) == []


def test_the_schema_notices_what_is_missing_and_what_is_too_much() -> None:
    report = json.loads(analyze(FORK_JOIN, "--json").stdout)
    del report["findings"][0]["fix"]
    report["more"] = 1
    assert len(_problems(report)) == 2
