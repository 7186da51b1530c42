"""The contract of the TraceStore port, over every database."""

from __future__ import annotations

import anyio
import pytest
from tests.contract.store_rig import (
    LATER,
    MS,
    T0,
    Stores,
    beside,
    example,
    finding,
    outcome,
    stores_on,
    window,
)

from raceway_common.database.database import Database
from raceway_common.packing import pack_run, unpack_critical_paths, unpack_races
from raceway_common.ports.trace_store import (
    Section,
    ServiceCalls,
    ServiceRow,
    Totals,
    TraceCursor,
    TraceFilter,
    TraceOutcome,
)
from raceway_common.ports.work_queue import RunClaim
from raceway_core.event import TraceId
from raceway_core.finding import Verdict
from raceway_core.result import Call, Link
from raceway_core.span import SPAN_NS
from raceway_core.turn import follow

pytestmark = pytest.mark.anyio

SPAN = T0 // SPAN_NS
SPAN_MS = SPAN_NS // MS
ALL = TraceFilter()


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


async def _pages(stores: Stores, wanted: TraceFilter, limit: int) -> list[str]:
    names: list[str] = []
    after: TraceCursor | None = None
    while rows := await stores.traces.page(wanted, limit=limit, after=after):
        names += [row.summary.trace_id for row in rows]
        after = TraceCursor(rows[-1].summary.last_ns, rows[-1].summary.trace_id)
    return names


async def _windows(stores: Stores, variable: str, span: int) -> list[tuple[str, int]]:
    found = (await stores.traces.windows([RunClaim(variable, "global", span, 1)]))[0]
    return [(trace_id, (each.first_ns - T0) // MS) for trace_id, each in found]


async def test_a_result_is_read_back(stores: Stores) -> None:
    found = finding("f1")
    result = outcome("a", events=7, race_pairs=3, findings=[found])
    await stores.append("a", "b", sequence=1)
    await stores.traces.replace([result], now_ns=LATER)

    row = await stores.traces.row(TraceId("a"))
    assert row is not None
    assert (row.summary, row.race_pairs, row.as_of, row.version) == (result.summary, 3, 1, 1)
    races = await stores.traces.section(TraceId("a"), Section.RACES)
    paths = await stores.traces.section(TraceId("a"), Section.CRITICAL_PATHS)
    assert races is not None
    assert unpack_races(races) == found.examples
    assert paths is not None
    assert unpack_critical_paths(paths) == ()


async def test_sections_are_replaced_as_a_result_grows_and_shrinks(stores: Stores) -> None:
    for version, count in enumerate((1, 5, 200, 1, 300), start=1):
        found = finding("f", examples=(example("a", Verdict.OBSERVED, 3),) * count)
        await stores.analyze(outcome("a", version=version, findings=[found]), outcome(f"t{version}"))
        for section, unpack, size in (
            (Section.RACES, unpack_races, count),
            (Section.CRITICAL_PATHS, unpack_critical_paths, 0),
        ):
            body = await stores.traces.section(TraceId("a"), section)
            assert body is not None
            assert len(unpack(body)) == size


async def test_what_is_not_analyzed_has_no_result(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    assert await stores.traces.row(TraceId("a")) is None
    assert await stores.traces.section(TraceId("a"), Section.RACES) is None
    assert await stores.traces.row(TraceId("unknown")) is None
    assert await stores.traces.page(ALL, limit=10, after=None) == []
    assert await stores.traces.services() == []
    assert await stores.traces.totals() == Totals(1, 0, 0, 0)


async def test_a_row_says_when_its_result_is_old(stores: Stores) -> None:
    await stores.analyze(outcome("a"))
    await stores.append("a", sequence=9)
    row = await stores.traces.row(TraceId("a"))
    assert row is not None
    assert (row.as_of, row.version) == (1, 2)


async def test_a_result_of_a_trace_that_nobody_stored_is_ignored(stores: Stores) -> None:
    await stores.traces.replace([outcome("ghost")], now_ns=LATER)
    await stores.traces.replace([], now_ns=LATER)
    assert await stores.traces.totals() == Totals(0, 0, 0, 0)


@pytest.mark.parametrize("late", [1, 2])
async def test_a_result_that_is_not_newer_changes_nothing(stores: Stores, late: int) -> None:
    await stores.append("a", sequence=1)
    await stores.append("a", sequence=2)
    await stores.traces.replace([outcome("a", version=2, events=2)], now_ns=LATER)
    run = await stores.claim_runs()

    stale = outcome("a", version=late, events=1, windows=[window("v", 0, 1)], findings=[finding("f")])
    await stores.traces.replace([stale], now_ns=LATER)

    row = await stores.traces.row(TraceId("a"))
    assert row is not None
    assert (row.as_of, row.summary.event_count) == (2, 2)
    assert run == await stores.claim_runs() == []
    assert await stores.findings.all() == []
    assert await stores.queue.due() == 0


async def test_of_two_results_in_one_call_the_newer_counts(stores: Stores) -> None:
    await stores.append("a", sequence=1)
    await stores.append("a", sequence=2)
    pair = [outcome("a", version=2, events=2), outcome("a", version=1, events=1)]
    await stores.traces.replace(pair, now_ns=LATER)
    assert await stores.traces.totals() == Totals(1, 2, 1, 0)


async def test_pages_go_from_new_to_old_and_miss_nothing_under_equal_times(stores: Stores) -> None:
    names = [f"t{number:02}" for number in range(40)]
    await stores.analyze(*(outcome(name, last_ms=number // 9) for number, name in enumerate(names)))
    expected = sorted(names, key=lambda name: (int(name[1:]) // 9, name), reverse=True)

    assert await _pages(stores, ALL, 7) == expected
    assert await _pages(stores, ALL, 100) == expected
    rows, total = await stores.traces.numbered_page(ALL, limit=7, offset=14)
    assert ([row.summary.trace_id for row in rows], total) == (expected[14:21], 40)
    assert await stores.traces.numbered_page(ALL, limit=7, offset=400) == ([], 40)


async def test_filters(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", events=1, services=[("bank", 1)]),
        outcome("b", events=5, services=[("bank", 2), ("shop", 3)], race_pairs=2, last_ms=1),
        outcome("c", events=9, services=[("shop", 9)], last_ms=2),
    )
    cases = [
        (TraceFilter(min_events=1), ["c", "b", "a"]),
        (TraceFilter(min_events=5), ["c", "b"]),
        (TraceFilter(service="bank"), ["b", "a"]),
        (TraceFilter(service="nobody"), []),
        (TraceFilter(has_race=True), ["b"]),
        (TraceFilter(has_race=False), ["c", "a"]),
        (TraceFilter(service="shop", has_race=False, min_events=9), ["c"]),
        (TraceFilter(service="bank", has_race=True), ["b"]),
    ]
    for wanted, names in cases:
        assert await _pages(stores, wanted, 1) == names, wanted
        rows, total = await stores.traces.numbered_page(wanted, limit=1, offset=0)
        assert (len(rows), total) == (min(1, len(names)), len(names)), wanted


async def test_services_and_totals_are_sums_over_current_results(stores: Stores) -> None:
    await stores.append("a", "b", "c", sequence=1)
    first = [
        outcome("a", events=3, services=[("bank", 2), ("shop", 1)], race_pairs=4, last_ms=9),
        outcome("b", events=1, services=[("bank", 1)], race_pairs=1, last_ms=5),
    ]
    await stores.traces.replace(first, now_ns=LATER)
    assert await stores.traces.services() == [
        ServiceRow("bank", 3, 2, T0 + 9 * MS),
        ServiceRow("shop", 1, 1, T0 + 9 * MS),
    ]
    assert await stores.traces.totals() == Totals(3, 4, 2, 5)

    await stores.append("a", sequence=2)
    second = outcome("a", version=2, events=4, services=[("bank", 4)], race_pairs=0, last_ms=3)
    await stores.traces.replace([second], now_ns=LATER)

    assert await stores.traces.services() == [ServiceRow("bank", 5, 2, T0 + 5 * MS)]
    assert await stores.traces.totals() == Totals(3, 5, 2, 1)
    assert await _pages(stores, TraceFilter(service="shop"), 9) == []
    assert await _pages(stores, TraceFilter(service="bank"), 9) == ["b", "a"]


async def test_calls_between_services_are_sums_over_current_results(stores: Stores) -> None:
    both = [Call("web", "bank", 2, Link.HTTP), Call("web", "bank", 3, Link.MESSAGE)]
    await stores.append("a", "b", "c", sequence=1)
    first = [
        outcome("a", calls=[*both, Call("bank", "mail", 1, Link.MESSAGE)]),
        outcome("b", calls=[Call("web", "bank", 1, Link.HTTP)]),
        outcome("c"),
    ]
    await stores.traces.replace(first, now_ns=LATER)
    web = ServiceCalls("web", "bank", 2, {Link.HTTP: 3, Link.MESSAGE: 3})
    mail = ServiceCalls("bank", "mail", 1, {Link.MESSAGE: 1})
    assert await stores.traces.service_calls(limit=9) == ([web, mail], 3)
    assert await stores.traces.service_calls(limit=1) == ([web], 3)
    assert await stores.traces.calls_around("bank", limit=9) == ([mail], [web])
    assert await stores.traces.calls_around("bank\x00", limit=9) == ([], [])
    assert (web.count, mail.count) == (6, 1)

    await stores.append("a", sequence=2)
    await stores.traces.replace([outcome("a", version=2, calls=both[1:])], now_ns=LATER)
    assert await stores.traces.service_calls(limit=9) == (
        [ServiceCalls("web", "bank", 2, {Link.HTTP: 1, Link.MESSAGE: 3})],
        2,
    )
    await stores.append("a", "b", sequence=3)
    gone = [outcome("a", version=3), outcome("b", version=2)]
    await stores.traces.replace(gone, now_ns=LATER)
    assert await stores.traces.service_calls(limit=9) == ([], 0)


async def test_equally_many_calls_are_ordered_by_name(stores: Stores) -> None:
    names = ["b", "a", "é", "B", "_"]
    await stores.analyze(*(outcome(name, calls=[Call("web", name, 1)]) for name in names))
    rows, _ = await stores.traces.service_calls(limit=9)
    assert [row.callee for row in rows] == ["B", "_", "a", "b", "é"]


async def test_windows_of_a_span_come_by_trace_and_include_those_that_cross_into_it(stores: Stores) -> None:
    await stores.analyze(
        outcome("d", windows=[window("v", 10, 20), window("other", 10, 20)]),
        outcome("b", windows=[window("v", -5, 5)]),
        outcome("c", windows=[window("v", -5, -1)]),
        outcome("a", windows=[window("v", -3 * SPAN_MS, SPAN_MS), window("v", 1, 1, scope="service:x")]),
    )
    assert await _windows(stores, "v", SPAN) == [("a", -3 * SPAN_MS), ("b", -5), ("d", 10)]
    assert await _windows(stores, "v", SPAN - 1) == [("a", -3 * SPAN_MS), ("b", -5), ("c", -5)]
    assert await _windows(stores, "v", SPAN - 2) == [("a", -3 * SPAN_MS)]
    assert await _windows(stores, "v", SPAN + 2) == []
    assert await _windows(stores, "unknown", SPAN) == []


async def test_a_run_is_marked_where_a_window_begins_and_where_it_reaches_others(stores: Stores) -> None:
    assert await _marked(stores, beside(window("v", 1, 2))) == []
    begin = await _marked(stores, outcome("a", windows=[window("v", 1, 2)]))
    assert [(claim.variable, claim.span) for claim in begin] == [("v", SPAN)]

    crossing = outcome("b", windows=[window("v", -4 * SPAN_MS, 4 * SPAN_MS)])
    assert [claim.span for claim in await _marked(stores, crossing)] == [SPAN]


async def test_a_changed_window_marks_the_runs_it_left_and_the_ones_it_came_to(stores: Stores) -> None:
    await _marked(stores, beside(window("v", 1, 2), window("same", 1, 2)))
    await _marked(stores, beside(window("v", SPAN_MS, SPAN_MS + 1), name="later"))
    await _marked(stores, outcome("a", windows=[window("v", 1, 2), window("same", 1, 2)]))
    moved = outcome("a", version=2, windows=[window("v", SPAN_MS, SPAN_MS + 1), window("same", 1, 2)])
    assert [(claim.variable, claim.span) for claim in await _marked(stores, moved)] == [
        ("v", SPAN),
        ("v", SPAN + 1),
    ]
    assert await _windows(stores, "v", SPAN) == [("beside", 1)]
    assert await _windows(stores, "v", SPAN + 1) == [("a", SPAN_MS), ("later", SPAN_MS)]

    gone = outcome("a", version=3, windows=[window("same", 1, 2, body=b"other accesses")])
    assert [(claim.variable, claim.span) for claim in await _marked(stores, gone)] == [
        ("same", SPAN),
        ("v", SPAN + 1),
    ]


async def test_windows_that_follow_one_another_in_turns_mark_nothing(stores: Stores) -> None:
    for number in range(3):
        turn = window("v", 10 * number, 10 * number + 5, lock=b"lock")
        assert await _marked(stores, outcome(f"t{number}", windows=[turn])) == []
    pair = [outcome(f"p{n}", windows=[window("v", 30 + n, 30 + n, lock=b"lock")]) for n in range(2)]
    await stores.analyze(*pair)
    assert await stores.queue.due() == 0

    assert len(await _marked(stores, outcome("late", windows=[window("v", 7, 8, lock=b"lock")]))) == 1


@pytest.mark.parametrize("lock", [b"other lock", b""])
async def test_a_window_that_is_no_such_turn_marks_the_run(stores: Stores, lock: bytes) -> None:
    await _marked(stores, outcome("a", windows=[window("v", 1, 2, lock=b"lock")]))
    assert len(await _marked(stores, outcome("b", windows=[window("v", 5, 6, lock=lock)]))) == 1
    assert len(await _marked(stores, outcome("c", windows=[window("v", 8, 9, lock=b"lock")]))) == 1


async def test_a_turn_that_went_marks_the_run(stores: Stores) -> None:
    await stores.analyze(*(outcome(f"t{n}", windows=[window("v", n, n, lock=b"lock")]) for n in range(3)))
    assert await stores.queue.due() == 0
    assert len(await _marked(stores, outcome("t1", version=2))) == 1


async def test_a_count_that_finds_only_turns_is_the_last_one(stores: Stores) -> None:
    for ms in (1, 9, 5):
        await stores.analyze(outcome(f"t{ms}", windows=[window("v", ms, ms, lock=b"lock")]))
    [claim] = await stores.claim_runs()
    found = [found.turn for _, found in (await stores.traces.windows([claim]))[0]]
    await stores.findings.replace_runs([pack_run(claim, [], follow(found))], now_ns=LATER)

    assert await _marked(stores, outcome("c", windows=[window("v", 12, 13, lock=b"lock")])) == []
    assert len(await _marked(stores, outcome("d", windows=[window("v", 13, 14, lock=b"lock")]))) == 1


async def test_turns_of_a_count_that_is_not_the_newest_are_not_kept(stores: Stores) -> None:
    await stores.analyze(outcome("a", windows=[window("v", 9, 9)]))
    await stores.analyze(outcome("b", windows=[window("v", 9, 9)]))
    [claim] = await stores.claim_runs()
    await stores.analyze(outcome("c", windows=[window("v", 9, 9)]))
    turn = window("v", 1, 1, lock=b"lock").turn
    await stores.findings.replace_runs([pack_run(claim, [], turn)], now_ns=LATER)

    await stores.analyze(outcome("d", windows=[window("v", 12, 13, lock=b"lock")]))
    assert await stores.queue.due() == 1


async def _marked(stores: Stores, result: TraceOutcome) -> list[RunClaim]:
    """Store a result and return the runs that it made due; then count them, to be ready for more."""
    await stores.analyze(result)
    claims = await stores.claim_runs()
    for claim in claims:
        await stores.findings.replace_runs([pack_run(claim, [])], now_ns=LATER)
    return claims


async def test_a_window_of_fifty_years_costs_no_more_than_the_runs_there_are(stores: Stores) -> None:
    assert await _marked(stores, outcome("a", windows=[window("v", -1_500_000_000_000, 0)])) == []
    later = await _marked(stores, outcome("b", windows=[window("v", 0, 1, lock=b"lock")]))
    assert [claim.span for claim in later] == [SPAN]
    assert len(await _windows(stores, "v", SPAN)) == 2


async def test_names_of_any_length(stores: Stores) -> None:
    name = "v" * 10_000
    service = "s" * 10_000
    windows = [window(name, 0, 1, scope="x" * 10_000)]
    await stores.analyze(outcome("a", services=[(service, 1)], windows=windows), beside(*windows))
    assert [row.name for row in await stores.traces.services()] == ["bank", service]
    assert await _pages(stores, TraceFilter(service=service), 1) == ["a"]
    [claim] = await stores.claim_runs()
    assert (claim.variable, claim.scope) == (name, "x" * 10_000)
    assert len((await stores.traces.windows([claim]))[0]) == 2


async def test_replicas_replace_side_by_side_without_a_deadlock_or_a_lost_mark(stores: Stores) -> None:
    """Crossing windows of some traces must mark the runs that others create at the same moment."""
    names = [f"t{number:02}" for number in range(60)]
    await stores.append(*names, sequence=1)
    counted: dict[tuple[str, int], set[str]] = {}

    async with anyio.create_task_group() as group:
        for number in range(4):
            group.start_soon(_replace, stores, names[number::4], number)
            group.start_soon(_count, stores, f"owner-{number}", counted)
    while await stores.queue.due():
        await _count(stores, "last", counted)

    assert len(counted) > 10
    for (variable, span), seen in counted.items():
        assert seen == {trace_id for trace_id, _ in await _windows(stores, variable, span)}


async def _replace(stores: Stores, names: list[str], seed: int) -> None:
    """Give each trace windows that begin in one of eight spans; every third reaches three further."""
    for number, name in enumerate(names):
        first = (number * 5 + seed) % 8 * SPAN_MS
        last = first + (3 * SPAN_MS if number % 3 == 0 else 0)
        windows = [window("v", first, last), window("w", first, last)]
        await stores.traces.replace([outcome(name, windows=windows)], now_ns=LATER)


async def _count(stores: Stores, owner: str, counted: dict[tuple[str, int], set[str]]) -> None:
    for turn in range(1, 12):
        now = LATER + turn * 1000 * MS
        for claim in await stores.queue.claim_runs(3, owner=owner, now_ns=now):
            windows = (await stores.traces.windows([claim]))[0]
            await stores.findings.replace_runs([pack_run(claim, [])], now_ns=now)
            counted[claim.variable, claim.span] = {trace_id for trace_id, _ in windows}
