"""`raceway analyze` and `check` on wrong files: the line is named, and there is never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from tests.effort import examples
from tests.unit.cli.hostile import READ, REFUSED, TOLD
from tests.unit.cli.reading import DOCTORS, FORK_JOIN, ROOT, analyze, check

from raceway_core.errors import Rejected

GOOD: dict[str, str | Path] = {
    "raceway": "tests/fixtures/raceway/transfers.jsonl",
    "otlp": "tests/fixtures/otlp/accesses.json",
    "jaeger": "tests/fixtures/jaeger/checkout.json",
    "shiviz": "tests/fixtures/shiviz/orders.log",
    "std": FORK_JOIN,
    "history": DOCTORS,
}
BYTES = {name: (ROOT / path).read_bytes() for name, path in GOOD.items()}


@pytest.mark.parametrize(("name", "content", "line", "says"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_by_line(name: str, content: str, line: int, says: str) -> None:
    for result in (
        analyze("-", "--format", name, given=content),
        check("-", "--format", name, given=content),
    ):
        assert isinstance(result.exception, Rejected), result.output
        message = str(result.exception)
        assert message.startswith(f"<stdin>: line {line}")
        assert says in message


@pytest.mark.parametrize(("name", "content", "line", "kind"), TOLD.values(), ids=TOLD)
def test_what_cannot_be_true_is_told_by_line(name: str, content: str, line: int | None, kind: str) -> None:
    result = analyze("-", "--json", "--format", name, given=content)
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert "clock" in report["computed"]
    assert [(issue["line"], issue["kind"]) for issue in report["clock"]["issues"]] == [(line, kind)]
    shown = analyze("-", "--format", name, given=content).stdout
    assert f"{kind}: " in shown
    assert f"  line {line}: " in shown or line is None
    assert check("-", "--format", name, given=content).exit_code == 0


@pytest.mark.parametrize(("name", "content", "events"), READ.values(), ids=READ)
def test_what_is_only_odd_is_read(name: str, content: str, events: int) -> None:
    report = json.loads(analyze("-", "--json", "--format", name, given=content).stdout)
    assert report["counts"]["events"] == events


def test_an_orderly_trace_of_threads_has_nothing_of_clocks() -> None:
    report = json.loads(analyze(FORK_JOIN, "--json").stdout)
    assert report["clock"] is None
    assert "clock" not in report["computed"]


PIECES = (b"", b"\0", b"\xff", b"9" * 25, b"-", b'"', b"null", b"[{", b"\n", b"|", b"e9")


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, bytes]:
    """Draw a good file in which bytes were changed, lost, doubled or moved, and its format."""
    name = draw(st.sampled_from(sorted(BYTES)))
    data = bytearray(BYTES[name])
    for _ in range(draw(st.integers(1, 4))):
        begin, other = (draw(st.integers(0, len(data))) for _ in range(2))
        copied = st.just(bytes(data[other : other + 30]))
        piece = draw(st.one_of(st.sampled_from(PIECES), st.binary(max_size=3), copied))
        data[begin : begin + draw(st.sampled_from([0, 1, 2, 7, 100]))] = piece
    return name, bytes(data)


@given(mutated(), st.booleans())
@examples(150)
def test_a_damaged_file_is_read_or_refused(damaged: tuple[str, bytes], is_named: bool) -> None:
    name, data = damaged
    how = ["--format", name] if is_named else []
    _check(analyze("-", "--json", *how, given=data))


@given(mutated(), st.sampled_from(["proven", "info"]))
@examples(50)
def test_a_damaged_file_is_checked_or_refused(damaged: tuple[str, bytes], fail_on: str) -> None:
    name, data = damaged
    _check(check("-", "--format", name, "--fail-on", fail_on, given=data))


def _check(result: Result) -> None:
    if isinstance(result.exception, Rejected):
        assert str(result.exception).startswith("<stdin>: ")
        assert "line " in str(result.exception) or "gzip" in str(result.exception)
    else:
        assert result.exit_code in {0, 1}, result.output
        assert result.stdout


def test_every_format_has_a_file_with_what_was_computed_by_hand() -> None:
    folders = {path.parent.name for path in Path(ROOT, "tests", "fixtures").glob("*/*.expected.json")}
    assert folders >= set(GOOD)
