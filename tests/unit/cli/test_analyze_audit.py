"""`raceway analyze --audit`: the trail of one variable in files, across their traces."""

from __future__ import annotations

import gzip
from pathlib import Path

import msgspec
import pytest
from tests.unit.cli.reading import DOCTORS, ROOT, SPLIT_LOCK, analyze
from tests.unit.core.build import Story

from raceway_api.v1.trail import TrailView
from raceway_core.errors import Rejected
from raceway_core.event import Scope

WITHDRAWALS = ROOT / "examples" / "races" / "withdrawals.jsonl"


def lines(*stories: Story) -> bytes:
    return b"".join(msgspec.json.encode(event) + b"\n" for story in stories for event in story.events)


def named(*names: str) -> bytes:
    story = Story()
    for name in names:
        story.write(name, 1)
    return lines(story)


def test_accesses_of_all_traces_are_told_in_one_sequence() -> None:
    result = analyze(WITHDRAWALS, "--audit", "balance")
    assert result.exit_code == 0
    title, header, *rows = [line.split() for line in result.stdout.splitlines()]
    assert title == ["balance", "(process:bank/bank-1/7)"]
    assert header[:4] == ["time", "trace", "access", "value"]
    assert [(row[2][-1], *row[3:5], row[-1]) for row in rows] == [
        ("3", "Read", "100", "race"),
        ("4", "Read", "100", "race"),
        ("3", "Write", "90", "race"),
        ("4", "Write", "70", "race"),
    ]
    decoded = msgspec.json.decode(analyze(WITHDRAWALS, "--audit", "balance", "--json").stdout, type=TrailView)
    assert [one.access.location for one in decoded.accesses] == [" ".join(row[7:9]) for row in rows]
    assert (decoded.is_cut, decoded.next_cursor) == (False, None)


def test_traces_may_be_spread_over_files(tmp_path: Path) -> None:
    whole = analyze(WITHDRAWALS, "--audit", "balance").stdout
    events = WITHDRAWALS.read_bytes().splitlines(keepends=True)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl.gz"
    first.write_bytes(b"".join(events[::2]))
    second.write_bytes(gzip.compress(b"".join(events[1::2])))
    assert analyze(second, first, "--audit", "balance").stdout == whole


@pytest.mark.parametrize(
    ("given", "name", "said"),
    [
        (named("balance", "limit"), "balanec", "nothing touches 'balanec'; near it are balance"),
        (named("accounts['alice']", "x"), "ALICE", "nothing touches 'ALICE'; near it are accounts['alice']"),
        (named("b", "a"), "total", "nothing touches 'total'; there are a, b"),
        (named(*map(str, range(12))), "x", "there are 0, 1, 10, 11, 2, 3, 4, 5, 6, 7 and 2 more"),
        (named("a"), "", "nothing touches ''; there are a"),
        (named(), "x", "nothing touches 'x', nor any other variable"),
    ],
)
def test_an_unknown_variable_is_refused_with_those_near_it(given: bytes, name: str, said: str) -> None:
    result = analyze("-", "--audit", name, "--format", "raceway", given=given)
    assert isinstance(result.exception, Rejected)
    assert str(result.exception).endswith(said)


def test_variables_of_one_name_are_told_apart_by_scope() -> None:
    story = Story()
    story.write("x", 1)
    for value in (2, 3):
        story.write("x", value, scope=Scope.SERVICE)
    given = lines(story)
    most = analyze("-", "--audit", "x", given=given).stdout
    assert most.startswith("x (service:bank)")
    assert most.endswith("also of that name, see --scope: global\n")
    assert analyze("-", "--audit", "x", "--scope", "global", given=given).stdout.startswith("x (global)")
    refused = analyze("-", "--audit", "x", "--scope", "nowhere", given=given).exception
    assert str(refused) == "no x has the scope 'nowhere'; there are service:bank, global"


def test_of_a_long_trail_the_beginning_is_printed() -> None:
    given = named(*["x"] * 1_002)
    printed = analyze("-", "--audit", "x", given=given).stdout.splitlines()
    assert (len(printed), printed[-1]) == (1_003, "… 2 more with --json")
    whole = analyze("-", "--audit", "x", "--json", given=given).stdout
    assert len(msgspec.json.decode(whole, type=TrailView).accesses) == 1_002


def test_a_format_without_time_shows_none() -> None:
    assert analyze(SPLIT_LOCK, "--audit", "balance").stdout.splitlines()[1].split()[0] == "trace"


def test_a_history_has_no_variables() -> None:
    assert "and no variables" in str(analyze(DOCTORS, "--audit", "alice").exception)


@pytest.mark.parametrize(
    "more",
    [
        ("--audit", "x", "--explain", "1"),
        ("--audit", "x", "--sarif", "-"),
        ("--audit", "x", "--junit", "-"),
        ("--audit", "x", "--what-if", "a=2"),
        ("--audit", "x", "--fail-on", "proven"),
        ("--scope", "global"),
    ],
)
def test_what_a_trail_has_no_place_for_is_refused(more: tuple[str, ...]) -> None:
    assert analyze(WITHDRAWALS, *more).exit_code == 2
