"""Stamps to nanoseconds: exact, and the same whether read one by one or as a span."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.errors import Rejected
from raceway_core.time import FIRST_NS, LAST_NS, format_time, parse_time, span_reader

NOON_NS = 1_795_521_600_000_000_000


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("2026-11-24T12:00:00Z", NOON_NS),
        ("2026-11-24t12:00:00z", NOON_NS),
        ("2026-11-24 12:00:00+00:00", NOON_NS),
        ("2026-11-24T13:30:00+0130", NOON_NS),
        ("2026-11-24T12:00:00.1Z", NOON_NS + 100_000_000),
        ("2026-11-24T12:00:00.123456789999Z", NOON_NS + 123_456_789),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("2016-12-31T23:59:60Z", 1_483_228_800_000_000_000),
        (str(NOON_NS), NOON_NS),
        ("-1", -1),
        (str(LAST_NS), LAST_NS),
        (str(FIRST_NS), FIRST_NS),
    ],
)
def test_reads(text: str, time_ns: int) -> None:
    assert parse_time(text) == time_ns
    assert span_reader([text])([text]) == (time_ns, time_ns)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "noon",
        "2026-11-24",
        "2026-11-24T12:00:00",
        "2026-11-24T12:00:00.Z",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-24T25:00:00Z",
        "2026-11-24T12:00:00+99:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        "0000-01-01T00:00:00Z",
        str(LAST_NS + 1),
        str(FIRST_NS - 1),
        "1e9",
        "1_000",
        "٣",
        "２026-11-24T12:00:00Z",
    ],
)
def test_refuses(text: str) -> None:
    with pytest.raises(Rejected):
        parse_time(text)
    with pytest.raises(Rejected):
        span_reader([text])([text])


def _stamp(second: int, minutes: int, digits: str, is_zulu: bool) -> str:
    offset = timezone(timedelta(minutes=minutes))
    text = datetime.fromtimestamp(second, offset).isoformat()
    return f"{text[:19]}{digits}{'Z' if is_zulu else text[19:]}"


STAMPS = st.one_of(
    st.integers(FIRST_NS, LAST_NS),
    st.integers(0, LAST_NS).map(str),
    st.integers(0, 99).map(lambda number: str(NOON_NS + number)),
    st.builds(
        _stamp,
        st.integers(-8_000_000_000, 8_000_000_000),
        st.sampled_from([0, 0, 90, -300]),
        st.sampled_from(["", ".5", ".123", ".000000001"]),
        st.booleans(),
    ),
    st.sampled_from(["2016-12-31T23:59:60.9Z", "2017-01-01T00:00:00.1Z"]),
)


@given(st.lists(STAMPS, min_size=1, max_size=8))
def test_a_span_is_that_of_the_times(stamps: list[int | str]) -> None:
    times = [stamp if type(stamp) is int else parse_time(str(stamp)) for stamp in stamps]

    assert span_reader(stamps)(stamps) == (min(times), max(times))
    assert span_reader(stamps)(stamps[:1]) == (times[0], times[0])


@pytest.mark.parametrize(
    ("early", "late"),
    [
        ("2026-11-24T12:00:00Z", "9999-12-31T23:59:59Z"),
        (str(NOON_NS), str(LAST_NS + 1)),
        ("0" * 20, "9" * 20),
    ],
)
def test_a_span_reader_refuses_a_stamp_among_others_like_it(early: str, late: str) -> None:
    with pytest.raises(Rejected):
        span_reader([early, late, early])


@given(st.integers(FIRST_NS, LAST_NS))
def test_formatting_is_exact(time_ns: int) -> None:
    assert parse_time(format_time(time_ns)) == time_ns
