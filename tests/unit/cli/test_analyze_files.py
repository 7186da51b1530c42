"""`raceway analyze` on several files, on packed ones, and on what is no file of events at all."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.unit.cli.reading import DOCTORS, FORK_JOIN, ROOT, analyze, check, story

from raceway_core.errors import Rejected

JAEGER = ROOT / "tests" / "fixtures" / "jaeger" / "checkout.json"
OTLP = ROOT / "tests" / "fixtures" / "otlp" / "checkout.json"


def _file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _report(*files: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(analyze(*files, "--json").stdout)
    return report


def test_events_of_one_trace_may_stand_in_several_files(tmp_path: Path) -> None:
    lines = story().splitlines(keepends=True)
    web, bank = (
        _file(tmp_path, "web.jsonl", lines[0] + lines[1]),
        _file(tmp_path, "bank.jsonl", "".join(lines[2:])),
    )
    whole = _file(tmp_path, "whole.jsonl", story())
    assert _report(web, bank) == _report(bank, web) == _report(whole)
    assert len(_report(web, bank)["findings"]) == 1
    assert _report(web)["findings"] == []


def test_an_event_in_two_files_counts_once(tmp_path: Path) -> None:
    one, two = (_file(tmp_path, name, story()) for name in ("one.jsonl", "two.jsonl"))
    assert _report(one, two) == _report(one)


def test_spans_and_events_are_one_set(tmp_path: Path) -> None:
    report = _report(_file(tmp_path, "events.jsonl", story()), JAEGER, OTLP)
    assert report["format"] == "jaeger+otlp+raceway"
    alone = [_report(file)["counts"]["events"] for file in (tmp_path / "events.jsonl", JAEGER, OTLP)]
    assert report["counts"]["events"] == sum(alone)


@pytest.mark.parametrize(
    "files", [(FORK_JOIN, FORK_JOIN.parent / "other.std"), (JAEGER, FORK_JOIN), (DOCTORS, JAEGER)]
)
def test_what_names_its_events_by_lines_is_analyzed_alone(files: tuple[Path, ...], tmp_path: Path) -> None:
    given = [file if file.exists() else _file(tmp_path, file.name, FORK_JOIN.read_bytes()) for file in files]
    error = analyze(*given).exception
    assert isinstance(error, Rejected)
    assert "is analyzed alone; of those given together each must be raceway, otlp or jaeger" in str(error)


def test_one_id_of_spans_has_one_spelling_in_all_files(tmp_path: Path) -> None:
    spans = json.loads(OTLP.read_text())
    upper = OTLP.read_text().replace("4bf92f3577b34da6a3ce929d0e0e4736", "4BF92F3577B34DA6A3CE929D0E0E4736")
    assert upper != json.dumps(spans)
    assert _report(OTLP, _file(tmp_path, "upper.json", upper))["counts"] == _report(OTLP)["counts"]


def test_packed_files_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    packed = _file(tmp_path, "events.jsonl", gzip.compress(story().encode()))
    plain = _file(tmp_path, "plain.jsonl.gz", story())
    assert _report(packed) == _report(plain)
    assert json.loads(analyze("-", "--json", given=packed.read_bytes()).stdout) == _report(plain)


def test_standard_input_is_a_file_among_others(tmp_path: Path) -> None:
    first, rest = story().split("\n", 1)
    file = _file(tmp_path, "rest.jsonl", rest)
    assert json.loads(analyze(file, "-", "--json", given=first).stdout) == json.loads(
        analyze("-", "--json", given=story()).stdout
    )
    assert analyze("-", "-", given=story()).exit_code == 2


NOISE = random.Random(4).randbytes(5000)  # noqa: S311 -- nothing here is secret
HOSTILE = {
    "binary": NOISE,
    "nothing": b"",
    "blank": b" \n\n\t\n",
    "truncated gzip": gzip.compress(story().encode())[:-20],
    "broken gzip": b"\x1f\x8b" + NOISE,
    "packed noise": gzip.compress(NOISE),
    "nothing packed": gzip.compress(b""),
    "a long line": b"x" * 10_000_000,
    "a long line of brackets": b"[" * 10_000_000,
    "a long number": b'{"id": ' + b"9" * 1_000_000,
    "a long event": story().encode()[:-20] + b"x" * 10_000_000,
    "half a document": OTLP.read_bytes()[:-200],
    "half an array": b"[" + story().split("\n")[0].encode(),
    "UTF-16": story().encode("utf-16"),
    "NULs": bytes(1000),
}


@pytest.mark.parametrize("given", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("format_name", ["auto", "raceway", "otlp", "std", "history"])
def test_what_is_no_file_of_events_is_refused_by_name_and_place(
    tmp_path: Path, given: bytes, format_name: str
) -> None:
    file = _file(tmp_path, "given", given)
    for command in (analyze, check):
        _assert_refused(command(file, "--format", format_name), str(file))


def _assert_refused(result: Result, file: str) -> None:
    if result.exit_code == 0:  # nothing but blank lines is a file without events
        assert "0 events" in result.stdout or "0 new" in result.stdout or "0 transactions" in result.stdout
        return
    assert isinstance(result.exception, Rejected), result.output
    message = str(result.exception)
    assert message.startswith(f"{file}: ")
    assert "expected" in message
    assert len(message) < 2000


def test_a_file_of_a_long_event_is_read(tmp_path: Path) -> None:
    long = story().replace('"tags": {}', f'"tags": {{"pad": "{"x" * 10_000_000}"}}', 1)
    assert _report(_file(tmp_path, "long.jsonl", long))["counts"]["events"] == 4


@pytest.mark.parametrize("name", ["missing", "."])
@pytest.mark.parametrize("command", [analyze, check])
def test_what_is_no_file_is_named(tmp_path: Path, name: str, command: Any) -> None:
    result = command(tmp_path / name)
    assert result.exit_code == 2
    assert str(tmp_path / name) in result.output
