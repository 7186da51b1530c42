"""SARIF logs: valid by the published schema, and what a code host needs of each finding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator  # type: ignore[import-untyped]  # the package has no types
from tests.unit.cli.reading import DOCTORS, ROOT, SAMPLES, SPLIT_LOCK, analyze, story
from tests.unit.cli.test_analyze_latency import GIVEN as SLOW

from raceway_cli.output.sarif import sarif_log
from raceway_cli.reported.item import Item, Kind, Spot
from raceway_core.finding import Severity, Verdict

_SCHEMA = json.loads((ROOT / "tests" / "fixtures" / "sarif" / "sarif-schema-2.1.0.json").read_text())
VALIDATOR = Draft7Validator(_SCHEMA)

ITEM = Item(
    fingerprint="00f1",
    kind=Kind.LOST_UPDATE,
    verdict=Verdict.PROVEN,
    severity=Severity.CRITICAL,
    subject="accounts[*]",
    summary="one update overwrote another",
    message="One update overwrote another.",
    evidence="    write …",
    services=("bank",),
    aliases=("00a1",),
    spots=(Spot("src/bank.py:36 transfer", "write by T1"), Spot("src/bank.py:32 transfer", "read by T2")),
)


def valid_results(text: bytes | str) -> list[dict[str, Any]]:
    """Return the results of a log, which must be valid."""
    log = json.loads(text)
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(log)] == []
    [run] = log["runs"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    results: list[dict[str, Any]] = run["results"]
    return results


@pytest.mark.parametrize("file", [*SAMPLES, DOCTORS], ids=lambda path: path.name)
def test_the_log_of_any_file_isvalid_results(file: Path) -> None:
    findings = json.loads(analyze(file, "--json").stdout)["findings"] or []
    results = valid_results(analyze(file, "--sarif", "-").stdout)
    fingerprints = [result["partialFingerprints"]["raceway/v1"] for result in results]
    assert fingerprints[: len(findings)] == [finding["fingerprint"] for finding in findings]


def test_a_result_says_where_and_what_and_how_bad() -> None:
    [result] = valid_results(sarif_log([ITEM], project=Path("/nowhere")))
    assert (result["ruleId"], result["level"]) == ("lost-update", "error")
    assert result["message"]["text"].startswith("proven lost update: accounts[*]\nOne update overwrote")
    [location] = result["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "src/bank.py", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 36},
    }
    assert location["logicalLocations"] == [{"name": "transfer", "kind": "function"}]
    [related] = result["relatedLocations"]
    assert (related["id"], related["message"]["text"]) == (1, "read by T2")
    assert result["properties"]["aliases"] == ["00a1"]
    assert "baselineState" not in result


def test_a_baseline_tells_what_is_new() -> None:
    items = [ITEM, ITEM._replace(fingerprint="00f2")]
    results = valid_results(sarif_log(items, project=Path("/nowhere"), known={"00f2"}))
    assert [result["baselineState"] for result in results] == ["new", "unchanged"]


@pytest.mark.parametrize(("severity", "level"), [*zip(Severity, ("error", "warning", "note"), strict=True)])
def test_the_level_is_that_of_the_severity(severity: Severity, level: str) -> None:
    [result] = valid_results(sarif_log([ITEM._replace(severity=severity)], project=Path("/nowhere")))
    assert result["level"] == level


def test_every_kind_has_a_rule() -> None:
    items = [ITEM._replace(kind=kind, verdict=None) for kind in Kind]
    results = valid_results(sarif_log(items, project=Path("/nowhere")))
    assert [result["ruleId"] for result in results] == [kind.value for kind in Kind]


@pytest.mark.parametrize(
    ("location", "uri", "line"),
    [
        ("/app/src/shop/cart.py:7 add", "src/shop/cart.py", 7),
        ("C:\\build\\src\\shop\\cart.py:7", "src/shop/cart.py", 7),
        ("file:///x/src/shop/cart.py:7", "src/shop/cart.py", 7),
        ("/app/elsewhere/a b.py:7", "elsewhere/a%20b.py", 7),
        ("../../etc/passwd:7", "../../etc/passwd", 7),
        ("src/shop/cart.py:0", "src/shop/cart.py", None),
        (f"cart.py:{'9' * 5000}", "cart.py", None),
        ("cart.py", "cart.py", None),
    ],
)
def test_places_are_those_of_the_project(tmp_path: Path, location: str, uri: str, line: int | None) -> None:
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "cart.py").touch()
    [result] = valid_results(sarif_log([ITEM._replace(spots=(Spot(location, "read"),))], project=tmp_path))
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == uri
    assert place.get("region", {}).get("startLine") == line


def test_what_has_no_place_in_the_code_stands_at_the_file_that_tells_it() -> None:
    [result] = valid_results(analyze(DOCTORS, "--sarif", "-").stdout)
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert (result["ruleId"], uri) == ("isolation-anomaly", "examples/histories/doctors.json")


def test_anomalies_of_time_are_results_too() -> None:
    results = valid_results(analyze("-", "--sarif", "-", given=SLOW).stdout)
    assert {result["ruleId"] for result in results} == {"latency-anomaly"}


def test_the_log_is_written_beside_the_report(tmp_path: Path) -> None:
    log = tmp_path / "log.sarif"
    result = analyze("-", "--json", "--sarif", log, given=story())
    assert len(json.loads(result.stdout)["findings"]) == len(valid_results(log.read_text())) == 1
    assert analyze(SPLIT_LOCK, "--sarif", "-", "--json").exit_code == 2
    assert "cannot be written" in str(analyze(SPLIT_LOCK, "--sarif", tmp_path).exception)


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=10))
def test_any_text_makes_a_valid_log(location: str, subject: str, what: str) -> None:
    item = ITEM._replace(subject=subject, message=what, spots=(Spot(location, what), Spot(what, location)))
    assert len(valid_results(sarif_log([item], project=Path("/nowhere"), files=[subject]))) == 1
