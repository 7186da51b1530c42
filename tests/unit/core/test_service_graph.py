"""The graph of services: levels and cycles, against walking every way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raceway_core.service_graph import order_of

CASES = {
    "nobody": ((), {}, []),
    "a line": (("web shop", "shop bank"), {"web": 0, "shop": 1, "bank": 2}, []),
    "the longest way counts": (("a b", "b c", "a c"), {"a": 0, "b": 1, "c": 2}, []),
    "a circle is one level": (
        ("web a", "a b", "b a", "b c"),
        {"web": 0, "a": 1, "b": 1, "c": 2},
        [["a", "b"]],
    ),
    "two circles": (
        ("a b", "b a", "c d", "d c", "b c"),
        {"a": 0, "b": 0, "c": 1, "d": 1},
        [["a", "b"], ["c", "d"]],
    ),
    "itself": (("a a",), {}, []),
}


@pytest.mark.parametrize(("calls", "levels", "cycles"), CASES.values(), ids=CASES)
def test_named_cases(calls: tuple[str, ...], levels: dict[str, int], cycles: list[list[str]]) -> None:
    pairs = [(call.split()[0], call.split()[1]) for call in calls]
    order = order_of((), pairs)
    assert (order.level, order.cycles) == (levels, cycles)


def test_a_service_without_calls_stands_at_the_top() -> None:
    assert order_of(["alone"], [("a", "b")]).level == {"a": 0, "alone": 0, "b": 1}


def test_a_long_line_is_no_recursion() -> None:
    order = order_of((), [(f"s{number:06}", f"s{number + 1:06}") for number in range(100_000)])
    assert order.level["s100000"] == 100_000


pairs = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef")), max_size=12)


@given(pairs)
def test_levels_and_cycles_are_those_of_the_definition(calls: list[tuple[str, str]]) -> None:
    names = {name for pair in calls if pair[0] != pair[1] for name in pair}
    reach = {name: {callee for caller, callee in calls if caller == name != callee} for name in names}
    for middle in names:
        for name in names:
            if middle in reach[name]:
                reach[name] |= reach[middle]
    circle = {
        name: frozenset({name, *(other for other in reach[name] if name in reach[other])}) for name in names
    }

    def longest(name: str) -> int:
        above = {other for other in names if name in reach[other] and circle[other] != circle[name]}
        return 1 + max(map(longest, above)) if above else 0

    order = order_of((), calls)
    assert order.level == {name: longest(name) for name in names}
    assert order.cycles == sorted(sorted(members) for members in set(circle.values()) if len(members) > 1)
