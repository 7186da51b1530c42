"""`raceway analyze` on histories and on declared transactions: section, text and exit status."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from tests.unit.core.build import Story

from raceway_cli.commands.analyze import command

ROOT = Path(__file__).parents[3]
WITHDRAWALS = str(ROOT / "examples" / "histories" / "withdrawals.json")
DOCTORS = str(ROOT / "examples" / "histories" / "doctors.json")


def _run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given, catch_exceptions=False)


def _report(*arguments: str, given: str | None = None) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(_run(*arguments, "--json", given=given).stdout)
    return report


def test_a_history_fills_one_section() -> None:
    report = _report(WITHDRAWALS)
    assert (report.pop("format"), report.pop("computed")) == ("history", ["isolation"])
    assert report.pop("isolation") == {
        "transactions": 3,
        "cut": [],
        "refuted_levels": ["snapshot-isolation", "serializable"],
        "anomalies": [
            {
                "class": "lost-update",
                "transactions": ["T1", "T2"],
                "keys": ["balance"],
                "cycle": [
                    {"from": "T1", "to": "T2", "edge": "rw", "key": "balance"},
                    {"from": "T2", "to": "T1", "edge": "rw", "key": "balance"},
                ],
            }
        ],
        "unrecoverable_keys": [],
    }
    assert set(report.values()) == {None}


def test_an_edge_of_session_order_has_no_key() -> None:
    steps = [{"op": "write", "key": "x", "value": 1}], [{"op": "read", "key": "x", "value": None}]
    session = [{"status": "committed", "ops": ops} for ops in steps]
    [anomaly] = _report("-", given=json.dumps({"sessions": [session]}))["isolation"]["anomalies"]
    assert anomaly["cycle"] == [
        {"from": "1", "to": "2", "edge": "so", "key": None},
        {"from": "2", "to": "1", "edge": "rw", "key": "x"},
    ]


@pytest.mark.parametrize("name", ["withdrawals", "doctors"])
def test_the_documented_output_is_the_real_one(name: str) -> None:
    page = (ROOT / "docs" / "explanation" / "isolation.md").read_text()
    shown = _run(str(ROOT / "examples" / "histories" / f"{name}.json")).stdout
    assert f"$ raceway analyze examples/histories/{name}.json\n{shown}" in page


@pytest.mark.parametrize(
    ("arguments", "status"), [((), 0), (("--fail-on", "proven"), 1), (("--fail-on", "info"), 1)]
)
def test_an_anomaly_is_a_proof(arguments: tuple[str, ...], status: int) -> None:
    assert _run(DOCTORS, *arguments).exit_code == status


def test_a_history_without_anomalies_fails_nothing() -> None:
    result = _run("-", "--fail-on", "info", given='{"sessions": []}')
    assert (result.exit_code, result.stdout) == (0, "0 transactions: no level is refuted\n")


def test_a_key_that_cannot_be_recovered_is_named() -> None:
    session = [{"status": "committed", "ops": [{"op": "read", "key": "x", "value": 7}]}]
    assert "nothing is concluded from x" in _run("-", given=json.dumps({"sessions": [session]})).stdout


def _declared() -> str:
    story = Story()
    story.begin("setup")
    story.write("x", 1)
    story.write("y", 1)
    story.commit("setup")
    for name, target in (("A", "x"), ("B", "y")):
        story.begin(name, on=name)
        story.read("x", 1, on=name)
        story.read("y", 1, on=name)
        story.write(target, 0, on=name)
        story.commit(name, on=name)
    return msgspec.json.encode(story.events).decode()


def test_declared_transactions_of_a_trace_are_a_history() -> None:
    report = _report("-", given=_declared())
    assert "isolation" in report["computed"]
    assert report["isolation"]["refuted_levels"] == ["serializable"]
    [anomaly] = report["isolation"]["anomalies"]
    assert (anomaly["class"], anomaly["transactions"]) == ("G2-item", ["A", "B"])
    assert "write skew" in _run("-", given=_declared()).stdout


def test_a_long_cycle_is_cut_for_a_person() -> None:
    size = 100
    sessions = [
        [
            {
                "status": "committed",
                "ops": [
                    {"op": "write", "key": f"x{number}", "value": number},
                    {"op": "read", "key": f"x{(number + 1) % size}", "value": None},
                ],
            }
        ]
        for number in range(size)
    ]
    text = _run("-", given=json.dumps({"sessions": sessions})).stdout
    assert "G2-item  1, 2, 3" in text
    assert "19, 20 and 80 more" in text
    assert "    … 80 more with --json" in text
