"""The contract of the TraceStore port about variables, over every database."""

from __future__ import annotations

import msgspec
import pytest
from tests.contract.store_rig import LATER, MS, T0, Stores, finding, outcome, stores_on, window

from raceway_common.database.database import Database
from raceway_common.packing import pack_run
from raceway_common.ports.trace_store import (
    SharedVariables,
    VariableCursor,
    VariableFilter,
    VariableOrder,
    VariableRow,
)
from raceway_common.schema.keys import key_of
from raceway_core.finding import PairCounts, Verdict
from raceway_core.result import Window
from raceway_core.span import SPAN_NS
from raceway_core.touch import Touches, pack_touches

pytestmark = pytest.mark.anyio

SPAN_MS = SPAN_NS // MS
ALL = VariableFilter()


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


def touched(
    variable: str,
    *services: str,
    reads: int = 0,
    writes: int = 0,
    pairs: int = 0,
    owner: str = "",
    at: int = 0,
) -> Window:
    """Return a window of a variable that one service owns, or that several share."""
    touches = Touches(reads + writes, reads, writes, pairs, owner, services)
    scope = f"service:{owner}" if owner else "global"
    return msgspec.structs.replace(window(variable, at, at, scope=scope), touches=pack_touches(touches))


async def _names(stores: Stores, wanted: VariableFilter, limit: int = 100) -> list[str]:
    names: list[str] = []
    after: VariableCursor | None = None
    while rows := await stores.traces.variables(wanted, limit=limit, after=after):
        names += [row.name for row in rows]
        last = rows[-1]
        after = VariableCursor(last.raced, last.accesses, key_of(last.name, last.scope))
    return names


async def test_sums_are_those_of_current_results(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", windows=[touched("x", "web", "bank", reads=2, writes=1, pairs=4), touched("y", "web")]),
        outcome("b", windows=[touched("x", "bank", reads=1), touched("x", reads=7, owner="mail")]),
    )
    shared = VariableRow(
        name="x", scope="global", trace_count=2, accesses=4, reads=3, writes=1, race_pairs=4, across_pairs=0,
        services=("bank", "web"),
    )  # fmt: skip
    owned = msgspec.structs.replace(
        shared, scope="service:mail", trace_count=1, accesses=7, reads=7, writes=0, race_pairs=0,
        services=("mail",),
    )  # fmt: skip
    rows = await stores.traces.variables(VariableFilter(name="x"), limit=9, after=None)
    assert list(rows) == [shared, owned]

    await stores.append("a", sequence=9)
    await stores.traces.replace(
        [outcome("a", version=2, windows=[touched("x", "bank", writes=5)])], now_ns=LATER
    )
    rows = await stores.traces.variables(VariableFilter(text="x"), limit=9, after=None)
    assert [(row.scope, row.accesses, row.race_pairs, row.services) for row in rows] == [
        ("service:mail", 7, 0, ("mail",)),
        ("global", 6, 0, ("bank",)),
    ]
    assert await _names(stores, ALL) == ["x", "x"]


async def test_a_result_that_says_the_same_again_adds_nothing(stores: Stores) -> None:
    for version in (1, 2, 3):
        await stores.analyze(outcome("a", version=version, windows=[touched("x", "bank", reads=2)]))
    [row] = await stores.traces.variables(ALL, limit=9, after=None)
    assert (row.trace_count, row.accesses, row.services) == (1, 2, ("bank",))


async def test_variables_come_most_raced_or_most_accessed_first_by_pages(stores: Stores) -> None:
    windows = [
        touched("quiet", reads=9, owner="s"),
        touched("raced", reads=1, pairs=1, owner="s"),
        touched("both", reads=5, pairs=1, owner="s"),
        touched("worst", reads=2, pairs=8, owner="s"),
    ]
    await stores.analyze(*(outcome(one.variable, windows=[one]) for one in windows))
    for limit in (1, 3, 9):
        assert await _names(stores, ALL, limit) == ["worst", "both", "raced", "quiet"]
        by_accesses = VariableFilter(order=VariableOrder.ACCESSED)
        assert await _names(stores, by_accesses, limit) == ["quiet", "both", "worst", "raced"]


async def test_equal_variables_are_paged_too(stores: Stores) -> None:
    names = {f"v{number}" for number in range(23)}
    await stores.analyze(outcome("a", windows=[touched(name, reads=1, owner="s") for name in sorted(names)]))
    for limit in (1, 7):
        found = await _names(stores, ALL, limit)
        assert (len(found), set(found)) == (23, names)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ALICE", ["accounts['alice']"]),
        ("100%", ["100%_\\"]),
        ("%_\\", ["100%_\\"]),
        ("é", ["é/ü"]),
        ("/", ["é/ü"]),
        ("nothing", []),
        ("", ["100%_\\", "accounts['alice']", "é/ü"]),
    ],
)
async def test_a_text_is_found_anywhere_in_a_name(stores: Stores, text: str, names: list[str]) -> None:
    known = ["accounts['alice']", "100%_\\", "é/ü"]
    await stores.analyze(outcome("a", windows=[touched(name, reads=1, owner="s") for name in known]))
    assert sorted(await _names(stores, VariableFilter(text=text))) == names


async def test_pairs_across_traces_count_where_they_were_seen(stores: Stores) -> None:
    await stores.analyze(outcome("a", windows=[touched("x", "s", writes=1)]))
    await stores.analyze(outcome("b", windows=[touched("x", "s", writes=1), touched("y", "s", pairs=1)]))
    [claim] = await stores.claim_runs()
    counts = PairCounts(proven=2, observed=3, possible=50, guarded=9)
    found = finding("f", verdict=Verdict.PROVEN, across_traces=True, pairs_by_verdict=counts)
    await stores.findings.replace_runs([pack_run(claim, [found])], now_ns=LATER)
    first, second = await stores.traces.variables(ALL, limit=9, after=None)
    assert (first.name, first.race_pairs, first.across_pairs, first.raced) == ("x", 0, 5, 5)
    assert (second.name, second.raced) == ("y", 1)


async def test_services_share_variables(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", windows=[touched("x", "bank", "web"), touched("y", "bank", "web", "mail")]),
        outcome("b", windows=[touched("own", owner="bank"), touched("z", "bank")]),
    )
    assert list(await stores.traces.shared_variables(limit=9)) == [
        SharedVariables("bank", "web", 2),
        SharedVariables("bank", "mail", 1),
        SharedVariables("mail", "web", 1),
    ]
    assert await stores.traces.shared_variables(limit=1) == [SharedVariables("bank", "web", 2)]


async def test_of_a_crowd_of_services_the_busiest_are_named(stores: Stores) -> None:
    crowd = [outcome(f"t{number}", windows=[touched("x", f"s{number:02}", "busy")]) for number in range(40)]
    await stores.analyze(*crowd)
    [row] = await stores.traces.variables(ALL, limit=9, after=None)
    assert row.services == ("busy", *(f"s{number:02}" for number in range(19)))


async def _begins(stores: Stores, from_ms: int, limit: int = 100) -> list[tuple[str, int]]:
    found, left_ns = await stores.traces.variable_windows(
        "v", "global", from_ns=T0 + from_ms * MS, limit=limit
    )
    assert (left_ns is None) is (limit > len(found))
    assert left_ns is None or left_ns >= found[-1][1].first_ns
    return [(trace_id, (each.first_ns - T0) // MS) for trace_id, each in found]


async def test_windows_of_a_time_come_by_their_begins(stores: Stores) -> None:
    await stores.analyze(
        outcome("late", windows=[window("v", 2 * SPAN_MS, 2 * SPAN_MS + 5), window("other", 0, 5)]),
        outcome("long", windows=[window("v", -3 * SPAN_MS, 3 * SPAN_MS)]),
        outcome("past", windows=[window("v", -3 * SPAN_MS, -5)]),
        outcome("here", windows=[window("v", 10, 20)]),
        outcome("next", windows=[window("v", 12, 12)]),
        outcome("over", windows=[window("v", 1, 2)]),
    )
    past, long = ("past", -3 * SPAN_MS), ("long", -3 * SPAN_MS)
    over, here, following, late = ("over", 1), ("here", 10), ("next", 12), ("late", 2 * SPAN_MS)
    everything = await _begins(stores, -9 * SPAN_MS)
    assert (set(everything[:2]), everything[2:]) == ({long, past}, [over, here, following, late])
    assert await _begins(stores, 5) == [long, here, following, late]
    assert await _begins(stores, 15) == [long, here, late]
    assert await _begins(stores, 5, limit=2) == [long, here]
    assert await _begins(stores, 4 * SPAN_MS) == []


async def test_names_have_the_accesses_of_all_their_scopes(stores: Stores) -> None:
    windows = [
        touched("x", "a", reads=2),
        touched("x", reads=3, owner="a"),
        touched("y", writes=1, owner="a"),
    ]
    await stores.analyze(outcome("a", windows=windows))
    assert await stores.traces.access_counts(["x", "y", "z"]) == {"x": 5, "y": 1, "z": 0}
    assert await stores.traces.access_counts([]) == {}


async def test_large_windows_come_in_small_numbers(stores: Stores) -> None:
    body = b"x" * 12_000_000
    await stores.analyze(*(outcome(f"t{n}", windows=[window("v", n, n, body=body)]) for n in range(4)))
    found, left_ns = await stores.traces.variable_windows("v", "global", from_ns=T0, limit=9)
    assert ([trace_id for trace_id, _ in found], left_ns) == (["t0", "t1"], T0 + 2 * MS)
