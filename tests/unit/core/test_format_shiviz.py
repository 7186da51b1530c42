"""ShiViz logs: layouts and patterns, the order that clocks say, and each kind of issue where it is."""

from __future__ import annotations

import json
import re
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.errors import Rejected
from raceway_core.event import Custom
from raceway_core.formats import shiviz
from raceway_core.formats.detect import FORMATS, FileFormat
from raceway_core.formats.reading import Reading, with_clock
from raceway_core.offline import analyze_events
from raceway_core.report import report_of

Clock = dict[str, int]
Step = tuple[str, Clock]

CLOCK_FIRST = 'a {"a":1}\nhello\nb {"b":1, "a":1}\nworld\n'
TEXT_FIRST = 'hello\na {"a":1}\nworld\nb {"b":1, "a":1}\n'
ONE_LINE = '12:00 a {"a":1} hello\n12:01 b {"b":1, "a":1} world\nthe end\n'


def texts_of(log: shiviz.ShivizLog) -> list[tuple[str, str, str]]:
    return [
        (event.id, event.metadata.service_name, event.payload.name)
        for event in log.events
        if isinstance(event.payload, Custom)
    ]


def issues_of(text: str, pattern: str | None = None) -> list[tuple[str, int | None]]:
    format_ = FORMATS[FileFormat.SHIVIZ]
    reading = Reading(*shiviz.read(text.encode(), pattern))
    analysis = analyze_events(reading.events)
    report = report_of(analysis, file_format="shiviz", has_time=format_.has_time)
    clock = with_clock(report, analysis, reading, format_).clock
    assert clock is not None
    return [(issue.kind, issue.line) for issue in clock.issues]


def pairs_of(text: str) -> tuple[int, int]:
    shape = analyze_events(shiviz.read(text.encode()).events).shape
    return shape.ordered_pairs, shape.concurrent_pairs


def written(steps: list[Step]) -> str:
    return "".join(
        f"{host} {json.dumps(clock)}\nstep {number}\n" for number, (host, clock) in enumerate(steps)
    )


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (CLOCK_FIRST, ("1", "3")),
        (TEXT_FIRST, ("2", "4")),
        (CLOCK_FIRST.replace("\n", "\r\n"), ("1", "3")),
        ("\n\n" + CLOCK_FIRST.rstrip(), ("3", "5")),
    ],
    ids=["clock first", "text first", "carriage returns", "empty lines"],
)
def test_two_lines_are_an_event_in_either_order(text: str, lines: tuple[str, str]) -> None:
    log = shiviz.read(text.encode())
    assert texts_of(log) == [(lines[0], "a", "hello"), (lines[1], "b", "world")]
    assert (log.skipped_lines, pairs_of(text)) == (0, (1, 0))


@pytest.mark.parametrize(
    "pattern",
    [
        r"(?<host>\S+) (?<clock>{.*}) (?<event>.*)",
        r"^\S+ (?P<host>\S+) (?P<clock>\{.*\}) (?P<event>.*)$",
        r"(?<time>\d+:\d+) (?<host>\w+) (?<clock>{.*})(?<event>.*)",
    ],
)
def test_a_pattern_in_the_spelling_of_python_or_javascript(pattern: str) -> None:
    log = shiviz.read(ONE_LINE.encode(), pattern)
    assert texts_of(log) == [("1", "a", "hello"), ("2", "b", "world")]
    assert log.skipped_lines == 1


def test_a_pattern_may_span_lines_and_the_line_is_that_of_the_clock() -> None:
    pattern = r"(?<event>.*)\n(?<host>\S*) (?<clock>{.*})"
    assert texts_of(shiviz.read(TEXT_FIRST.encode(), pattern)) == [("2", "a", "hello"), ("4", "b", "world")]


def test_a_pattern_may_refer_back_and_escape_what_looks_like_a_group() -> None:
    pattern = r"(?<host>\w+)=\k<host> \(?<clock>:(?<clock>{.*})"
    assert texts_of(shiviz.read(b'a=a (<clock>:{"a":1}\na=b (<clock>:{"a":2}\n', pattern)) == [("1", "a", "")]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (r"(?<host>", "--pattern: expected a regular expression: "),
        (r"(?<host>\S+)", "--pattern: expected the named groups host and clock, found no clock"),
        (r"(?<host>x)(?<clock>y)", "line 1: expected a match of --pattern, found none"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_told(pattern: str, message: str) -> None:
    with pytest.raises(Rejected, match=re.escape(message)):
        shiviz.read(ONE_LINE.encode(), pattern)


def test_a_log_that_begins_with_its_own_pattern_is_read_without() -> None:
    log = shiviz.read(b"(?<host>\\S*) (?<clock>{.*})\\n(?<event>.*)\n\n\n" + CLOCK_FIRST.encode())
    assert texts_of(log) == [("4", "a", "hello"), ("6", "b", "world")]
    assert log.skipped_lines == 1


def test_what_is_no_event_is_counted() -> None:
    assert shiviz.read(b"# a comment\n" + CLOCK_FIRST.encode() + b"--- end ---\n\n").skipped_lines == 2


def test_a_file_without_events_or_of_other_bytes_is_rejected() -> None:
    with pytest.raises(Rejected, match="line 1: expected ShiViz, two lines an event"):
        shiviz.read(b"nothing\nhere\n")
    with pytest.raises(Rejected, match="line 3: expected UTF-8 text, found byte 0xff"):
        shiviz.read(b'a {"a":1}\nhello\n\xff\n')


TRUE: list[Step] = [
    ("a", {"a": 1}),
    ("b", {"b": 1}),
    ("b", {"b": 2, "a": 1}),
    ("a", {"a": 2}),
    ("b", {"b": 3, "a": 1}),
    ("a", {"a": 3, "b": 2}),
]


@pytest.mark.parametrize(
    ("step", "clock", "issues"),
    [
        (0, '{"a":1}', []),
        (3, '{"a":2, "b":0}', []),
        (3, '{"a":2.0}', []),
        (3, '{"b":1}', ["own_component_missing"]),
        (1, '{"b":2}', ["duplicate_place"]),
        (4, '{"b":3}', ["not_growing"]),
        (4, '{"b":3, "a":1, "zoe":2}', ["unknown_host"]),
        (4, '{"b":3, "a":9}', ["dangling_component"]),
        (3, '{"a":-2}', ["malformed_clock"]),
        (3, '{"a":2.5}', ["malformed_clock"]),
        (3, '{"a":true}', ["malformed_clock"]),
        (3, '{"a":"2"}', ["malformed_clock"]),
        (3, '{"a":2, "a":2}', ["malformed_clock"]),
        (3, '{"a":2', ["malformed_clock"]),
        (3, "{a=2}", ["malformed_clock"]),
        (3, '{"a":9007199254740992}', ["malformed_clock"]),
        (3, '{"a":' + "9" * 5000 + "}", ["malformed_clock"]),
        (3, '{"a":' + "[" * 5000 + "}", ["malformed_clock"]),
    ],
)
def test_a_fault_is_the_issue_of_its_line_and_no_other(step: int, clock: str, issues: list[str]) -> None:
    lines = written(TRUE).splitlines()
    lines[2 * step] = f"{TRUE[step][0]} {clock}"
    text = "\n".join(lines)
    line = 5 if issues == ["duplicate_place"] else 2 * step + 1  # the later of the two is told
    assert issues_of(text) == [(kind, line) for kind in issues]
    assert sum(pairs_of(text)) == 15


def test_events_that_know_each_other_are_a_cycle() -> None:
    text = written([("a", {"a": 1, "b": 1}), ("b", {"b": 1, "a": 1})])
    assert issues_of(text) == [("cycle", 1)]


def test_places_that_are_not_in_the_file_are_no_issue() -> None:
    assert issues_of(written([("a", {"a": 1}), ("a", {"a": 5}), ("b", {"b": 2, "a": 3})])) == []


def test_an_event_without_a_place_follows_what_it_knows_and_nothing_follows_it() -> None:
    assert pairs_of(written([("a", {"a": 1}), ("b", {"a": 1}), ("b", {"b": 5}), ("a", {"a": 2})])) == (2, 4)


def test_two_events_of_one_place_are_concurrent() -> None:
    assert pairs_of(written([("a", {"a": 1}), ("a", {"a": 2}), ("a", {"a": 2}), ("a", {"a": 3})])) == (5, 1)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", *"abc"])), min_size=1, max_size=12),
    st.randoms(use_true_random=False),
)
def test_true_clocks_order_as_they_compare_in_any_order_of_lines(
    told: list[tuple[str, str]], shuffler: object
) -> None:
    clocks: dict[str, Clock] = {}
    steps: list[Step] = []
    for host, heard in told:
        clock = clocks.setdefault(host, {})
        for other, count in clocks.get(heard, {}).items():
            clock[other] = max(clock.get(other, 0), count)
        clock[host] = clock.get(host, 0) + 1
        steps.append((host, dict(clock)))
    ordered = sum(
        late.get(one, 0) >= early[one] or early.get(other, 0) >= late[other]
        for (one, early), (other, late) in combinations(steps, 2)
    )
    shuffler.shuffle(steps)  # type: ignore[attr-defined]
    text = written(steps)
    assert pairs_of(text) == (ordered, len(steps) * (len(steps) - 1) // 2 - ordered)
    assert issues_of(text) == []
