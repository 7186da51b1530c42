"""`raceway analyze` on files of other tools: what a careful person computes by hand, and no traceback.

Each file of `tests/fixtures/<format>` has beside it the parts of its report that were computed by hand.
"""

from __future__ import annotations

import json
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples

from raceway_cli.commands.analyze import command
from raceway_cli.inquiry import Question
from raceway_cli.offline import report_files
from raceway_core.errors import Rejected

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
REFERENCE = (ROOT / "docs" / "reference" / "formats.md").read_text()
SHOWN: list[tuple[str, str]] = re.findall(
    r"```\n\$ raceway analyze (tests/\S+)\n(.+?)```", REFERENCE, re.DOTALL
)
EXPECTED = sorted(FIXTURES.glob("*/*.expected.json"))
FORMATS = ("auto", "raceway", "otlp", "jaeger", "shiviz", "std")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def _analyze(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=given)


def _file_of(expected: Path) -> Path:
    (file,) = (
        path
        for path in expected.parent.glob(expected.name.removesuffix("expected.json") + "*")
        if path != expected
    )
    return file


@pytest.mark.parametrize(
    "expected", EXPECTED, ids=lambda path: f"{path.parent.name}/{path.name.split('.')[0]}"
)
def test_the_report_is_what_was_computed_by_hand(expected: Path) -> None:
    result = _analyze(str(_file_of(expected)), "--json")
    assert result.exit_code == 0
    report = json.loads(result.stdout)
    for name, by_hand in json.loads(expected.read_text()).items():
        found = report[name]
        if name == "counts":
            found = {size: found[size] for size in by_hand}
        assert found == by_hand


@pytest.mark.parametrize(
    "expected", EXPECTED, ids=lambda path: f"{path.parent.name}/{path.name.split('.')[0]}"
)
def test_standard_input_is_read_like_a_file(expected: Path) -> None:
    file = _file_of(expected)
    from_input = _analyze("-", "--json", given=file.read_text())
    assert from_input.stdout == _analyze(str(file), "--json").stdout


def test_a_person_reads_the_critical_path_first() -> None:
    lines = _analyze(str(FIXTURES / "jaeger" / "checkout.json")).stdout.splitlines()
    assert lines[4] == "critical path of trace abcdef0123456789, 100 ms"
    assert lines[6].split() == ["+0", "ns", "10", "ms", "10%", "work", "POST", "/checkout", "web"]


@pytest.mark.parametrize("shown", SHOWN)
def test_the_reference_shows_what_is_printed(shown: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    arguments, expected = shown
    monkeypatch.chdir(ROOT)
    output = _analyze(*arguments.split()).stdout
    assert [line.rstrip() for line in output.splitlines()] == expected.splitlines()


def test_a_person_reads_clock_issues_with_their_lines() -> None:
    output = _analyze(str(FIXTURES / "shiviz" / "faults.log")).stdout
    assert "  line 18: dangling_component: no event has place 9 of 'shop'\n" in output
    assert output.endswith("\n1 line skipped\n")


def test_a_pattern_tells_the_format_and_suits_no_other() -> None:
    pattern = r"(?<host>\w+): (?<event>\w+) (?<clock>{.*})"
    result = _analyze("-", "--json", "--pattern", pattern, given='a: hello {"a":1}\n')
    assert json.loads(result.stdout)["format"] == "shiviz"
    assert _analyze("-", "--format", "otlp", "--pattern", pattern, given="{}").exit_code == 2


def test_races_of_spans_decide_the_exit_status() -> None:
    assert _analyze(str(FIXTURES / "otlp" / "accesses.json"), "--fail-on", "proven").exit_code == 0
    assert _analyze(str(FIXTURES / "otlp" / "accesses.json"), "--fail-on", "observed").exit_code == 1


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            '{"resourceSpans":[\n{"scopeSpans":[{"spans":[{"spanId":"1"}]}]}]}',
            "<stdin>: line 2: resourceSpans[0].scopeSpans[0].spans[0].traceId: expected an id",
        ),
        ('{"resourceSpans":[]}\n{"a":1}\n', "<stdin>: line 2: expected OTLP JSON"),
        ('{"resourceSpans":\n7}', "<stdin>: line 2: expected OTLP JSON"),
        ('{"data":[{"traceID":"1","spans":[\n{"spanID":"2"}]}]}', "<stdin>: line 2: expected Jaeger's JSON"),
        (
            '{"data":[{"traceID":"1","spans":[{"spanID":"2","startTime":1,\n"processID":"p9"}]}]}',
            "<stdin>: line 2: data[0].spans[0].processID: expected one of the trace's processes, got 'p9'",
        ),
    ],
)
def test_what_cannot_be_read_names_file_line_and_field(given: str, message: str) -> None:
    error = _analyze("-", given=given).exception
    assert isinstance(error, Rejected)
    assert str(error).startswith(message)


def _total(data: bytes, format_name: str, pattern: str | None = None) -> None:
    with tempfile.NamedTemporaryFile() as file, suppress(Rejected):
        file.write(data)
        file.flush()
        report_files([file.name], Question(format_name, pattern, with_hidden=True))


@given(st.binary(max_size=60), st.sampled_from(FORMATS))
def test_bytes_are_read_or_rejected(data: bytes, format_name: str) -> None:
    _total(data, format_name)


@given(st.text(max_size=30), st.sampled_from([r"(?<host>.?)(?<clock>.*)", r"(?<clock>(?<host>\w)?)", "("]))
def test_text_under_a_pattern_is_read_or_rejected(text: str, pattern: str) -> None:
    _total(text.encode(errors="ignore"), "auto", pattern)


@examples(200)
@given(st.data(), st.sampled_from(["otlp/checkout.json", "otlp/accesses.json", "jaeger/checkout.json"]))
def test_a_document_with_anything_anywhere_is_read_or_rejected(data: st.DataObject, name: str) -> None:
    document = json.loads((FIXTURES / name).read_text())
    for _ in range(data.draw(st.integers(1, 3))):
        _replace(document, data)
    format_name = data.draw(st.sampled_from(["auto", *FORMATS[2:4]]))
    _total(json.dumps(document).encode(errors="ignore"), format_name)


def _replace(value: Any, data: st.DataObject) -> None:
    """Put any JSON value in a random place below `value`."""
    while True:
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        if not places:
            return
        place = data.draw(st.sampled_from(places))
        inner = value[place]
        if not isinstance(inner, dict | list) or not data.draw(st.integers(0, 4)):
            value[place] = data.draw(JSON)
            return
        value = inner


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from("ab"), JSON).map(lambda line: f"{line[0]} {json.dumps(line[1])}"),
            st.dictionaries(st.sampled_from("abc"), st.integers(-1, 4)).map(
                lambda clock: f"a {json.dumps(clock)}"
            ),
            st.text(max_size=8),
        ),
        max_size=12,
    )
)
def test_lines_of_a_log_are_read_or_rejected(lines: list[str]) -> None:
    _total("\n".join(lines).encode(errors="ignore"), "shiviz")
