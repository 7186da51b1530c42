"""JUnit XML: a test case per finding, readable whatever the findings say."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import click
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.reading import SPLIT_LOCK, analyze, story
from tests.unit.cli.test_sarif import ITEM

from raceway_cli.output.junit import junit_report


def cases_of(report: bytes | str) -> list[Xml.Element]:
    """Return the test cases of a report whose counts are right."""
    root = Xml.fromstring(report)  # noqa: S314 -- our own report
    [suite] = root
    cases = list(suite)
    failures = sum(case.find("failure") is not None for case in cases)
    assert (root.tag, suite.tag, {case.tag for case in cases}) == ("testsuites", "testsuite", {"testcase"})
    assert (suite.get("tests"), suite.get("failures")) == (str(len(cases)), str(failures))
    assert (root.get("tests"), root.get("failures")) == (str(len(cases)), str(failures))
    return cases


def test_a_finding_is_a_failure_with_its_evidence() -> None:
    [case] = cases_of(analyze(SPLIT_LOCK, "--junit", "-").stdout)
    failure = case.find("failure")
    assert failure is not None
    assert case.get("classname") == "raceway.predicted-lost-update"
    assert case.get("name") == "predicted lost update: balance (1db9b59e74518392)"
    assert (failure.get("message") or "").startswith("One update of balance can overwrite another")
    assert "    write  balance: ? → ?  at bank.py:21" in (failure.text or "")


def test_no_finding_is_a_test_that_passes(tmp_path: Path) -> None:
    file = tmp_path / "report.xml"
    result = analyze("-", "--junit", file, given=story(locked=True))
    assert "no findings" in result.stdout
    [case] = cases_of(file.read_bytes())
    assert (case.get("name"), len(case)) == ("no findings", 0)


def test_what_a_baseline_knows_is_skipped_and_what_is_weak_passes() -> None:
    names = ("new", "known", "weak")
    items = [ITEM._replace(fingerprint=name) for name in names]
    cases = cases_of(junit_report(items, failing={"new"}, known={"known"}))
    assert [case[0].tag for case in cases] == ["failure", "skipped", "system-out"]


@given(st.text(max_size=40))
def test_any_text_can_be_read_back(text: str) -> None:
    item = ITEM._replace(subject=text, message=text, evidence=click.style(text, fg="red"))
    [case] = cases_of(junit_report([item], failing={item.fingerprint}))
    assert case[0].get("message") is not None
