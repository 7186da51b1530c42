"""`raceway analyze --explain`: one finding in full, or which there are."""

from __future__ import annotations

import json

import pytest
from tests.unit.cli.reading import DOCTORS, SPLIT_LOCK, analyze, story
from tests.unit.cli.test_sarif import ITEM

from raceway_cli.explanation import explanation_text
from raceway_core.errors import Rejected


def test_a_finding_is_explained_by_the_beginning_of_its_fingerprint() -> None:
    both = story() + story(2)
    whole = json.loads(analyze("-", "--json", given=both).stdout)["findings"][0]
    explained = analyze("-", "--explain", whole["fingerprint"][:5], given=both).stdout
    assert explained.count("    clock  ") == 2 * len(whole["examples"]) > 2
    for part in (
        whole["missing_edge"],
        whole["fix"],
        whole["fingerprint"],
        "locks held",
        "pairs in 2 traces",
    ):
        assert part in explained


def test_an_anomaly_is_explained_too() -> None:
    [fingerprint] = _known(str(analyze(DOCTORS, "--explain", "nothing").exception))
    assert "write skew" in analyze(DOCTORS, "--explain", fingerprint).stdout


def test_an_unknown_fingerprint_is_told_those_there_are() -> None:
    for unknown in ("ffff", ""):
        error = analyze(SPLIT_LOCK, "--explain", unknown).exception
        assert isinstance(error, Rejected)
        assert _known(str(error)) == ["1db9b59e74518392"]
    nothing = analyze("-", "--explain", "ffff", given=story(locked=True)).exception
    assert "nothing was found" in str(nothing)


def test_a_beginning_of_several_is_told_which() -> None:
    items = [ITEM._replace(fingerprint=name, aliases=()) for name in ("00f1", "00f2", "0f", "00")]
    with pytest.raises(Rejected, match="several fingerprints begin with '00f'") as caught:
        explanation_text(items, [], "00f")
    assert _known(str(caught.value)) == ["00f1", "00f2"]
    assert explanation_text(items, [], "00").endswith(ITEM.evidence)


def test_a_finding_is_known_by_its_other_names() -> None:
    assert "also known as 00a1" in explanation_text([ITEM], [], "00a")


def test_all_of_the_report_is_not_one_finding() -> None:
    assert analyze(SPLIT_LOCK, "--explain", "1db9", "--json").exit_code == 2


def _known(message: str) -> list[str]:
    return [line.split()[0] for line in message.splitlines()[1:]]
