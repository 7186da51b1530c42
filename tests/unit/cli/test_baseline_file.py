"""Baselines: what is known, new and gone, whatever a fault is called this time; diffs stay small."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli.test_sarif import ITEM

from raceway_cli.baseline_file import Baseline, Entry, compare, read_baseline, updated, write_baseline
from raceway_cli.reported.item import Item, Kind
from raceway_core.errors import Rejected

NAMES = st.sampled_from("abcdefgh")


def _item(name: str, *aliases: str, hidden: bool = False, subject: str = "balance") -> Item:
    return ITEM._replace(fingerprint=name, aliases=aliases, is_hidden=hidden, subject=subject)


def _entry(name: str, *aliases: str) -> Entry:
    return Entry(name, Kind.LOST_UPDATE, "a fault", aliases)


ITEMS = st.builds(
    lambda name, aliases, hidden: _item(name, *aliases, hidden=hidden),
    NAMES,
    st.sets(NAMES, max_size=2),
    st.booleans(),
)


@pytest.mark.parametrize(
    ("entries", "items", "new", "known", "gone"),
    [
        ([], [_item("a")], "a", "", ""),
        ([_entry("a")], [_item("a")], "", "a", ""),
        ([_entry("a")], [], "", "", "a"),
        ([_entry("a")], [_item("b", "a")], "", "b", ""),
        ([_entry("b", "a")], [_item("a")], "", "a", ""),
        ([_entry("b", "x")], [_item("a", "x")], "", "a", ""),
        ([_entry("a")], [_item("b", "c")], "b", "", "a"),
        ([], [_item("a", hidden=True)], "", "", ""),
        ([_entry("a")], [_item("a", hidden=True)], "", "", ""),
    ],
    ids=[
        "new",
        "known",
        "gone",
        "absorbed by what is found",
        "no longer proven",
        "a name in common",
        "another",
        "hidden",
        "known, and hidden this time",
    ],
)
def test_what_is_found_against_what_is_known(
    entries: list[Entry], items: list[Item], new: str, known: str, gone: str
) -> None:
    found = compare(items, Baseline(findings=tuple(entries)))
    assert [item.fingerprint for item in found.new] == [*new]
    assert [item.fingerprint for item in found.known] == [*known]
    assert [entry.fingerprint for entry in found.gone] == [*gone]


@given(st.lists(ITEMS, max_size=6), st.lists(ITEMS, max_size=6))
def test_after_an_update_nothing_is_new_or_gone(before: list[Item], items: list[Item]) -> None:
    baseline = updated(updated(Baseline(), before), items)
    assert compare(items, baseline)._replace(known=()) == ([], (), [])
    assert updated(baseline, items) == baseline
    names = [entry.fingerprint for entry in baseline.findings]
    assert names == sorted(set(names))


def test_an_update_keeps_entries_as_they_were_written() -> None:
    written = Entry("a", Kind.LOST_UPDATE, "known since May, see issue 12", ("x",))
    baseline = updated(Baseline(findings=(written, _entry("gone"))), [_item("a", "y"), _item("b")])
    assert baseline.findings == (
        Entry("a", Kind.LOST_UPDATE, "known since May, see issue 12", ("x", "y")),
        Entry("b", Kind.LOST_UPDATE, "lost update of balance in bank"),
    )


def test_an_entry_says_nothing_that_changes_from_run_to_run() -> None:
    one, two = (updated(Baseline(), [_item("a", subject=f"accounts['{name}']")]) for name in ("alice", "bob"))
    assert one == two
    assert one.findings[0].summary == "lost update of accounts[*] in bank"


def test_an_entry_that_was_absorbed_becomes_another_name() -> None:
    baseline = updated(Baseline(findings=(_entry("race", "older"),)), [_item("lost", "race")])
    assert [(entry.fingerprint, entry.aliases) for entry in baseline.findings] == [
        ("lost", ("older", "race"))
    ]


def test_the_file_is_json_with_a_line_for_each_value(tmp_path: Path) -> None:
    path = tmp_path / "raceway.json"
    baseline = updated(Baseline(), [_item("b", "c"), _item("a")])
    write_baseline(path, baseline)
    assert read_baseline(path) == baseline
    assert [entry["fingerprint"] for entry in json.loads(path.read_text())["findings"]] == ["a", "b"]
    assert path.read_text().endswith("\n}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "truncated"),
        (b"nonsense", "malformed"),
        (b"\xff\xfe", "expected a baseline"),
        (b"[]", "Expected `object`"),
        (b"[" * 100_000, "expected a baseline"),
        (b'{"version": 2}', "$.version"),
        (b'{"findings": [{"fingerprint": 1}]}', "$.findings[0].fingerprint"),
        (b'{"findings": [{"fingerprint": "a", "kind": "odd", "summary": ""}]}', "Invalid enum value 'odd'"),
    ],
)
def test_a_broken_baseline_is_told(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "raceway.json"
    path.write_bytes(content)
    with pytest.raises(Rejected) as caught:
        read_baseline(path)
    assert str(caught.value).startswith(f"{path}: expected a baseline ")
    assert message in str(caught.value)


def test_a_baseline_that_cannot_be_read_or_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="there is no such baseline; --update-baseline writes one"):
        read_baseline(tmp_path / "missing.json")
    with pytest.raises(Rejected, match="cannot be read"):
        read_baseline(tmp_path)
    with pytest.raises(Rejected, match="cannot be written"):
        write_baseline(tmp_path / "missing" / "raceway.json", Baseline())


def test_what_later_versions_add_is_no_fault() -> None:
    text = b'{"version": 1, "findings": [], "more": 1}'
    assert msgspec.json.decode(text, type=Baseline) == Baseline()
