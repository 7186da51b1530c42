"""The contract of the FindingStore port, over every database."""

from __future__ import annotations

import random

import msgspec
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
from raceway_common.packing import pack_run
from raceway_common.ports.finding_store import FindingCursor, Wanted
from raceway_common.ports.work_queue import RunClaim
from raceway_core.event import TraceId
from raceway_core.finding import Finding, FindingKind, PairCounts, Severity, Verdict, merge_findings

pytestmark = pytest.mark.anyio


@pytest.fixture
def stores(database: Database) -> Stores:
    return stores_on(database)


async def _run(stores: Stores, *, now_ns: int = LATER + 60_000 * MS) -> RunClaim:
    [claim] = await stores.claim_runs(now_ns=now_ns)
    return claim


async def _shown(
    stores: Stores,
    limit: int,
    *,
    with_hidden: bool = False,
    kind: FindingKind | None = None,
    verdict: Verdict | None = None,
) -> list[Finding]:
    """Return all pages, one after the other: full but for the last, as many groups as are counted."""
    wanted = Wanted(with_hidden=with_hidden, kind=kind, verdict=verdict)
    found: list[Finding] = []
    after: FindingCursor | None = None
    while True:
        page = await stores.findings.page(limit=limit, after=after, wanted=wanted)
        found += page
        if len(page) < limit:
            break
        after = FindingCursor(*page[-1].sort_key)
    assert await stores.findings.count(wanted) == len(found)
    return found


async def test_findings_of_traces_and_runs_are_read_back(stores: Stores) -> None:
    mine, ours = finding("f1", trace_ids=["a"]), finding("f2", trace_ids=["a", "b"], across_traces=True)
    await stores.analyze(
        outcome("a", windows=[window("v", 0, 1)], findings=[mine]), beside(window("v", 0, 1))
    )
    await stores.findings.replace_runs([pack_run(await _run(stores), [ours])], now_ns=LATER)

    assert list(await stores.findings.all()) == [mine, ours]
    assert await stores.findings.by_fingerprint("f1") == [mine]
    assert await stores.findings.by_fingerprint("f2") == [ours]
    assert await stores.findings.by_fingerprint("f3") == []


async def test_findings_are_replaced_with_their_trace(stores: Stores) -> None:
    await stores.analyze(
        outcome("a", findings=[finding("f1"), finding("f2")]), outcome("b", findings=[finding("f3")])
    )
    await stores.analyze(outcome("a", version=2, findings=[finding("f2", gap_ns=7)]))
    assert list(await stores.findings.all()) == [finding("f2", gap_ns=7), finding("f3")]

    await stores.analyze(outcome("a", version=3))
    assert [found.fingerprint for found in await stores.findings.all()] == ["f3"]


async def test_an_older_count_of_a_run_changes_nothing(stores: Stores) -> None:
    await stores.analyze(outcome("a", windows=[window("v", 0, 1)]), beside(window("v", 0, 1)))
    first = await _run(stores)
    await stores.analyze(outcome("b", windows=[window("v", 0, 1)]))
    later = LATER + 600_000 * MS
    second = await _run(stores, now_ns=later)
    assert second.version > first.version

    await stores.findings.replace_runs([pack_run(second, [finding("new")])], now_ns=later)
    await stores.findings.replace_runs([pack_run(first, [finding("old")])], now_ns=later)
    await stores.findings.replace_runs([pack_run(second, [finding("again")])], now_ns=later)

    assert [found.fingerprint for found in await stores.findings.all()] == ["new"]
    assert await stores.queue.due() == 0


async def test_a_run_that_changed_while_it_was_counted_stays_due(stores: Stores) -> None:
    await stores.analyze(outcome("a", windows=[window("v", 0, 1)]), beside(window("v", 0, 1)))
    claim = await _run(stores)
    await stores.analyze(outcome("b", windows=[window("v", 0, 1)]))
    await stores.findings.replace_runs([pack_run(claim, [finding("f")])], now_ns=LATER)

    assert await stores.queue.due() == 1
    assert (await _run(stores)).version == claim.version + 1


async def test_a_count_of_an_unknown_run_is_ignored(stores: Stores) -> None:
    await stores.findings.replace_runs(
        [pack_run(RunClaim("v", "global", 1, 1), [finding("f")])], now_ns=LATER
    )
    assert list(await stores.findings.all()) == []


async def test_the_version_grows_with_every_change_and_only_then(stores: Stores) -> None:
    seen = [await stores.findings.version()]
    await stores.analyze(outcome("a"), outcome("b", windows=[window("v", 0, 1)]), beside(window("v", 0, 1)))
    assert await stores.findings.version() == seen[0]

    await stores.analyze(outcome("a", version=2, findings=[finding("f")]))
    seen.append(await stores.findings.version())
    await stores.analyze(outcome("a", version=3))
    seen.append(await stores.findings.version())
    await stores.findings.replace_runs([pack_run(await _run(stores), [finding("g")])], now_ns=LATER)
    seen.append(await stores.findings.version())

    assert seen == sorted(set(seen))


async def test_a_finding_is_found_by_its_alias(stores: Stores) -> None:
    lost = finding("lost", verdict=Verdict.PROVEN, trace_ids=["a"], aliases=("other", "race"))
    await stores.analyze(outcome("a", findings=[lost]), outcome("b", findings=[finding("race")]))

    assert [found.fingerprint for found in await stores.findings.by_fingerprint("race")] == ["race", "lost"]
    assert await stores.findings.by_fingerprint("other") == [lost]

    await stores.analyze(outcome("a", version=2))
    assert await stores.findings.by_fingerprint("other") == []
    assert [found.fingerprint for found in await stores.findings.by_fingerprint("race")] == ["race"]


async def test_pages_show_groups_in_reading_order(stores: Stores) -> None:
    observed = finding("observed")
    await stores.analyze(
        outcome("a", findings=[finding("possible", verdict=Verdict.POSSIBLE), observed]),
        outcome("b", findings=[finding("guarded", verdict=Verdict.GUARDED)]),
        outcome("c", windows=[window("v", 0, 1)], findings=[finding("proven", verdict=Verdict.PROVEN)]),
        outcome("d", findings=[finding("covered", uncovered=False), finding("near", gap_ns=1)]),
        outcome("e", findings=[finding("critical", severity=Severity.CRITICAL)]),
        beside(window("v", 0, 1)),
    )
    across = finding("across", verdict=Verdict.POSSIBLE, across_traces=True)
    await stores.findings.replace_runs([pack_run(await _run(stores), [across])], now_ns=LATER)

    shown = ["proven", "critical", "near", "observed", "covered", "possible"]
    assert [found.fingerprint for found in await _shown(stores, 2)] == shown
    everything = [found.fingerprint for found in await _shown(stores, 3, with_hidden=True)]
    assert everything == [*shown[:5], "across", "possible", "guarded"]


async def test_groups_since_a_time_are_those_with_a_later_event(stores: Stores) -> None:
    await stores.analyze(
        outcome("t", findings=[finding("old", gap_ns=1), finding("both", gap_ns=2)]),
        outcome("u", findings=[finding(name, trace_ids=["u"], gap_ns=70) for name in ("both", "late")]),
        outcome("v", findings=[finding("hidden", trace_ids=["v"], verdict=Verdict.GUARDED, gap_ns=90)]),
    )
    everything = merge_findings(await stores.findings.all())
    for after_ns in (0, 1, 2, 70, 71, 90, 91):
        since_ns = T0 + after_ns
        late = [group for group in everything if group.last_ns >= since_ns]
        shown = [group for group in late if not group.is_hidden]
        wanted = Wanted(since_ns=since_ns)
        page = await stores.findings.page(limit=9, after=None, wanted=wanted)
        assert (list(page), await stores.findings.count(wanted)) == (shown, len(shown))
        assert await stores.findings.count(Wanted(since_ns=since_ns, with_hidden=True)) == len(late)
        if len(page) > 1:
            cursor = FindingCursor(*page[0].sort_key)
            assert await stores.findings.page(limit=9, after=cursor, wanted=wanted) == page[1:]


@pytest.mark.parametrize("seed", range(6))
async def test_groups_are_what_merging_all_entries_makes(stores: Stores, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - nothing here is secret
    results = []
    for number in range(30):
        name = f"t{number:02}"
        found = [_random_finding(dice, [name], is_across=False) for _ in range(dice.randrange(4))]
        results.append(outcome(name, findings=found, windows=[window(f"v{number % 5}", 0, 1)]))
    await stores.analyze(*results)
    for claim in await stores.claim_runs():
        found = [_random_finding(dice, dice.sample(["t01", "t02", "x"], 2), is_across=True) for _ in range(2)]
        await stores.findings.replace_runs([pack_run(claim, found)], now_ns=LATER)

    merged = merge_findings(await stores.findings.all())

    assert await _shown(stores, 3, with_hidden=True) == merged
    assert await stores.findings.count(Wanted(with_hidden=True)) == len(merged)
    assert await stores.findings.count() == len([found for found in merged if not found.is_hidden])
    assert await _shown(stores, 100) == [found for found in merged if not found.is_hidden]
    for group in merged:
        assert (await stores.findings.by_fingerprint(group.fingerprint))[0] == group
    for kind in (None, *FindingKind):
        for verdict in (None, *Verdict):
            some = [one for one in merged if kind in {None, one.kind} and verdict in {None, one.verdict}]
            assert await _shown(stores, 2, with_hidden=True, kind=kind, verdict=verdict) == some
            shown = [one for one in some if not one.is_hidden]
            assert await _shown(stores, 1, kind=kind, verdict=verdict) == shown


async def test_pages_of_one_kind_are_full_however_many_others_are_between(stores: Stores) -> None:
    dead = [finding(f"d{number:02}", kind=FindingKind.DEADLOCK, gap_ns=10 * number) for number in range(7)]
    races = [finding(f"r{number:02}", gap_ns=number) for number in range(60)]
    await stores.analyze(outcome("t", findings=[*dead, *races]))
    assert await _shown(stores, 3, kind=FindingKind.DEADLOCK) == dead
    assert await _shown(stores, 7, kind=FindingKind.DEADLOCK) == dead
    assert await _shown(stores, 30, kind=FindingKind.RACE) == races
    assert await _shown(stores, 30, kind=FindingKind.LOST_UPDATE) == []


async def test_a_group_is_of_the_kind_of_its_strongest_entry(stores: Stores) -> None:
    lost = finding("f", verdict=Verdict.PROVEN, kind=FindingKind.LOST_UPDATE, trace_ids=["b"])
    await stores.analyze(outcome("a", findings=[finding("f")]), outcome("b", findings=[lost]))
    assert await _shown(stores, 9, kind=FindingKind.RACE) == []
    [group] = await _shown(stores, 9, kind=FindingKind.LOST_UPDATE)
    assert (group.kind, group.trace_ids) == (FindingKind.LOST_UPDATE, ("a", "b"))


def _random_finding(dice: random.Random, trace_ids: list[str], *, is_across: bool) -> Finding:
    verdict = dice.choice(list(Verdict))
    examples = [example(trace_ids[0], verdict, dice.randrange(50)) for _ in range(dice.randrange(1, 4))]
    examples.sort(key=lambda each: each.sort_key)
    unique = {each.sort_key: each for each in examples}
    return msgspec.structs.replace(
        finding(
            dice.choice("xyz"),
            verdict=verdict,
            severity=dice.choice(list(Severity)),
            trace_ids=sorted(trace_ids),
        ),
        pairs=dice.randrange(1, 9),
        pairs_by_verdict=PairCounts(*(dice.randrange(5) for _ in Verdict)),
        summary=f"{dice.random()}",
        first_ns=T0 - dice.randrange(99),
        last_ns=T0 + dice.randrange(99),
        trace_ids=tuple(map(TraceId, sorted(trace_ids))),
        kind=dice.choice(list(FindingKind)),
        examples=tuple(unique.values()),
        aliases=tuple(sorted(dice.sample(["p", "q", "r"], dice.randrange(3)))),
        across_traces=is_across,
        uncovered=dice.random() < 0.5,
    )
