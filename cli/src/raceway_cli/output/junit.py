"""Items as JUnit XML, which every CI server shows: a test case per item.

What counts against the run is a failure with the evidence as its text; what a baseline knows is skipped;
the rest passes, its evidence in the output. Where nothing is found one test case passes.

Source: the schema of the Ant task, as Jenkins and GitLab read it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from xml.etree import ElementTree as Xml

import click

from raceway_cli.reported.item import Item

_UNFIT = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold."""


def junit_report(items: Sequence[Item], *, failing: Collection[str], known: Collection[str] = ()) -> bytes:
    """Return the report; `failing` and `known` are fingerprints."""
    cases = [_case(item, failing, known) for item in items] or [_passed()]
    failures = str(sum(case.find("failure") is not None for case in cases))
    skipped = str(sum(case.find("skipped") is not None for case in cases))
    counts = {"tests": str(len(cases)), "failures": failures, "errors": "0", "time": "0"}
    root = Xml.Element("testsuites", {"name": "raceway", **counts})
    suite = Xml.SubElement(root, "testsuite", {"name": "raceway", **counts, "skipped": skipped})
    suite.extend(cases)
    Xml.indent(root)
    text: bytes = Xml.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _case(item: Item, failing: Collection[str], known: Collection[str]) -> Xml.Element:
    name = f"{item.title} ({item.fingerprint})"
    case = Xml.Element(
        "testcase", {"classname": f"raceway.{item.kind.value}", "name": _fit(name), "time": "0"}
    )
    if item.fingerprint in failing:
        failure = Xml.SubElement(case, "failure", {"message": _fit(item.message), "type": item.kind.value})
        failure.text = _fit(item.evidence)
    elif item.fingerprint in known:
        Xml.SubElement(case, "skipped", {"message": "known to the baseline"})
    else:
        Xml.SubElement(case, "system-out").text = _fit(item.evidence)
    return case


def _passed() -> Xml.Element:
    return Xml.Element("testcase", {"classname": "raceway", "name": "no findings", "time": "0"})


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", click.unstyle(text))
