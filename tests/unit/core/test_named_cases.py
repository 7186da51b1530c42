"""The cases that every build must get right; each test's id is the row, word for word.

A row may hold several stories. Each is told as events and goes through the public entry points:
its traces by `analyze_trace`, what they have in common by `find_across_traces`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from random import Random
from typing import NamedTuple

import pytest
from tests.unit.core.bank import ALICE, told
from tests.unit.core.build import Story

from raceway_core.analysis import analyze_trace
from raceway_core.event import HeldLock, LockMode, Scope, TraceId
from raceway_core.finding import Finding, FindingKind, Severity, Verdict, merge_findings
from raceway_core.result import Window
from raceway_core.run import find_across_traces
from raceway_core.span import spans_of


class Case(NamedTuple):
    """A story and the pairs that a reader is told of: lost updates, and races by verdict.

    `races` is None where the row says nothing about them.
    """

    row: str
    stories: Sequence[Story]
    lost: int = 0
    races: dict[Verdict, int] | None = None


def findings_of(stories: Sequence[Story]) -> list[Finding]:
    """Return what `races` shows of some traces and of what they have in common."""
    findings: list[Finding] = []
    runs: dict[tuple[str, str, int], list[tuple[TraceId, Window]]] = {}
    for story in stories:
        result = analyze_trace(story.trace_id, story.events)
        findings += result.findings
        for window in result.windows:
            for span in spans_of(window):
                key = (window.variable, window.scope, span)
                runs.setdefault(key, []).append((story.trace_id, window))
    for (_, _, span), windows in runs.items():
        findings += find_across_traces(span, windows)
    return [finding for finding in merge_findings(findings) if not finding.is_hidden]


def pairs_of(findings: Sequence[Finding], kind: FindingKind) -> dict[Verdict, int]:
    pairs: dict[Verdict, int] = {}
    for finding in findings:
        if finding.kind is kind:
            pairs[finding.verdict] = pairs.get(finding.verdict, 0) + finding.pairs
    return pairs


def each_way(row: str, script: str, lost: int) -> Iterator[Case]:
    """Tell a script in one trace and in one per request, with versions and by values alone."""
    for one_trace, versions in product((True, False), repeat=2):
        yield Case(row, told(script, one_trace=one_trace, versions=versions), lost)


NO_RACE: dict[Verdict, int] = {}


def two_writes() -> Iterator[Case]:
    row = "two writes on two threads under one parent event, flat or with lock events"

    def story(lock: HeldLock | None, *, lock_events: bool) -> list[Story]:
        bank = Story()
        root = bank.call("transfer")
        for thread in ("worker-1", "worker-2"):
            if lock and lock_events:
                bank.acquire(lock.id, on=thread, parent=root, mode=lock.mode)
            locks = (lock,) if lock and not lock_events else ()
            bank.write("balance", 15, on=thread, parent=root, locks=locks)
            if lock and lock_events:
                bank.release(lock.id, on=thread, parent=root, mode=lock.mode)
        return [bank]

    for lock_events in (False, True):
        yield Case(row, story(None, lock_events=lock_events), races={Verdict.POSSIBLE: 1})
        yield Case(row, story(HeldLock("l"), lock_events=lock_events), races=NO_RACE)
        shared = HeldLock("l", LockMode.SHARED)
        yield Case(row, story(shared, lock_events=lock_events), races={Verdict.POSSIBLE: 1})


def one_handler() -> Iterator[Case]:
    row = (
        "one handler, one thread: read, then write, both under one FunctionCall; "
        "the same with a nested wrapped call"
    )
    for nested in (False, True):
        bank = Story()
        call = bank.call("transfer", on="t")
        bank.read("balance", 100, on="t", parent=call)
        inner = bank.call("save", on="t", parent=call) if nested else call
        bank.write("balance", 90, on="t", parent=inner)
        yield Case(row, [bank], races=NO_RACE)


def two_wrapped_calls() -> Iterator[Case]:
    bank = Story()
    root = bank.call("main", on="main", lasts_ms=100, at=100)
    for number in (1, 2):
        call = bank.call(f"step{number}", on="main", parent=root, lasts_ms=20, at=30 * number)
        bank.write("balance", number, on=f"worker-{number}", parent=call, at=30 * number - 10)
    yield Case(
        "two wrapped calls in sequence, each starting and finishing a thread, no await event",
        [bank],
        races=NO_RACE,
    )


UNLOCKED = "A read 100 | B read 100 | A write 90 | B write 90"
LOCKED = "A acquire | A read 100 | A write 90 | A release | B acquire | B read 90 | B write 80 | B release"


def two_flask_requests() -> Iterator[Case]:
    row = (
        "two Flask requests, two threads, amounts equal, no lock; "
        "with the opening balance recorded as a write"
    )
    yield from each_way(row, UNLOCKED, lost=1)
    yield from each_way(row, f"O write 100 | {UNLOCKED}", lost=1)


def sixteen_transfers() -> Iterator[Case]:
    randomness = Random(16)  # noqa: S311 - a fixed shuffle, nothing secret
    for _ in range(8):
        script, lost = [], 0
        balance, read, writes = 1000, dict[str, tuple[int, int]](), 0
        for batch in ("ABCD", "EFGH", "IJKL", "MNOP"):
            steps = list(batch * 2)
            randomness.shuffle(steps)
            for who in steps:
                if who not in read:
                    read[who] = (balance, writes)
                    script.append(f"{who} read {balance}")
                else:
                    balance = read[who][0] - 10
                    lost += writes - read[who][1]
                    writes += 1
                    script.append(f"{who} write {balance}")
        yield from each_way("16 transfers, 4 at a time, equal amounts", " | ".join(script), lost)


def the_locked_bank() -> Iterator[Case]:
    row = "the locked bank; the locked bank run twice with the same opening balance"
    again = LOCKED.replace("A", "C").replace("B", "D")
    opening = "O acquire | O write 100 | O release"
    for one_trace, versions in product((True, False), repeat=2):
        for script in (LOCKED, f"{opening} | {LOCKED} | {opening.replace('O', 'P')} | {again}"):
            yield Case(row, told(script, one_trace=one_trace, versions=versions), races=NO_RACE)


def check_release_write() -> Iterator[Case]:
    script = " | ".join(
        f"{who} acquire | {who} {what} | {who} release"
        for what, who in (("read 100", "A"), ("read 100", "B"), ("write 90", "A"), ("write 90", "B"))
    )
    yield from each_way(
        "check under the lock, release, write under the lock again: "
        "lost update, though every access is guarded",
        script,
        lost=1,
    )


def serial() -> Iterator[Case]:
    script = "A read 100 | A write 90 | B read 90 | B write 100 | C read 100 | C write 90"
    yield from each_way("serial: 10 out, 10 in, 10 out", script, lost=0)
    for versions in (True, False):
        yield Case("serial: 10 out, 10 in, 10 out", told(script, versions=versions), races=NO_RACE)


def values_missing() -> Iterator[Case]:
    row = "values missing or redacted without hash, and no versions"
    for script in ("A read | B read | A write | B write", "A read 100 | B read | A write 90 | B write"):
        for one_trace in (True, False):
            stories = told(script, one_trace=one_trace, versions=False)
            yield Case(row, stories, races={Verdict.OBSERVED: 3})


def the_right_fix() -> Iterator[Case]:
    yield from each_way(
        "unlocked check, then lock, read again, write (the right fix)",
        "A read 100 | B read 100 | A acquire | A read 100 | A write 90 | A release"
        " | B acquire | B read 90 | B write 80 | B release",
        lost=0,
    )


def alone() -> Iterator[Case]:
    row = "one request reads once and writes twice, alone; two locked loops of two increments"
    yield from each_way(row, "A read 100 | A write 90 | A write 80", lost=0)
    loop = "{0} acquire | {0} read {1} | {0} write {2} | {0} release"
    for order in ("ABAB", "AABB", "ABBA"):
        turns = [loop.format(who, turn, turn + 1) for turn, who in enumerate(order)]
        for one_trace, versions in product((True, False), repeat=2):
            stories = told(" | ".join(turns), one_trace=one_trace, versions=versions)
            yield Case(row, stories, races=NO_RACE)


def two_workers() -> Iterator[Case]:
    row = (
        "two workers, one database balance, a `threading` lock in each, locks declared `process`: "
        "not guarded: `observed`"
    )
    stories = [Story(f"t{worker}", process=worker, instance=f"w{worker}", host="h") for worker in (1, 2)]
    lock = HeldLock("threading", scope=Scope.PROCESS)
    for at, what, value in ((10, "read", 100), (20, "write", 90)):
        for shift, story in enumerate(stories):
            tell = story.read if what == "read" else story.write
            tell("balance", value, at=at + 3 * shift, locks=(lock,), scope=None, place=f"db.py:{at} {what}")
    yield Case(row, stories, races={Verdict.OBSERVED: 3})


def one_line_of_parents() -> Iterator[Case]:
    row = (
        "one request over several threads with one line of parents; two of them, both read before both write"
    )

    def request(trace: str, start: float) -> Story:
        story = Story(trace)
        first = story.http(on=f"{trace}-1", at=start)
        read = story.read(ALICE, 100, on=f"{trace}-2", parent=first, at=start + 5)
        story.write(ALICE, 90, on=f"{trace}-3", parent=read, at=start + 10)
        return story

    yield Case(row, [request("t1", 0)], races=NO_RACE)
    yield Case(row, [request("t1", 0), request("t2", 2)], lost=1)


def around_a_whole_transfer() -> Iterator[Case]:
    row = "one request reads before and writes after another's whole transfer (or two of them)"
    yield from each_way(row, "A read 100 | B read 100 | B write 90 | A write 90", lost=1)
    yield from each_way(
        row, "A read 100 | B read 100 | B write 90 | C read 90 | C write 80 | A write 90", lost=2
    )


def two_containers() -> Iterator[Case]:
    row = "two containers, pid 1, no `instance_id`, each its own locked balance"
    for versions in (True, False):
        first, second = (
            told(LOCKED.replace("A", who).replace("B", who.lower()), versions=versions, instance=None)
            for who in "XY"
        )
        yield Case(row, [*first, *second], races=NO_RACE)


def unlocked_reader() -> Iterator[Case]:
    script = "A acquire | A read 100 | R read 100 | A write 90 | A release"
    row = "unlocked reader while a locked transfer runs"
    for one_trace, versions in product((True, False), repeat=2):
        stories = told(script, one_trace=one_trace, versions=versions)
        yield Case(row, stories, races={Verdict.OBSERVED: 1})


def two_watched_services() -> Iterator[Case]:
    stories = [
        told(UNLOCKED.replace("A", who).replace("B", who), service=f"service-{who}")[0] for who in "XY"
    ]
    yield Case("two services, each with its own watched `balance`", stories, races=NO_RACE)
    together = Story("t", scope=Scope.PROCESS)
    for service in ("x", "y"):
        together.write("balance", 1, service=service, instance=service, on=service)
    yield Case("two services, each with its own watched `balance`", [together], races=NO_RACE)


def one_undeclared_variable() -> Iterator[Case]:
    story = Story()
    root = story.call("gateway", service="gateway", instance="g")
    for service in ("x", "y"):
        story.write("balance", 90, old=100, service=service, instance=service, on=service, parent=root)
    yield Case(
        "two services write one undeclared variable concurrently in one trace",
        [story],
        races={Verdict.POSSIBLE: 1},
    )


TOLD = (
    two_writes, one_handler, two_wrapped_calls, two_flask_requests, sixteen_transfers, the_locked_bank,
    check_release_write, serial, values_missing, the_right_fix, alone, two_workers, one_line_of_parents,
    around_a_whole_transfer, two_containers, unlocked_reader, two_watched_services, one_undeclared_variable,
)  # fmt: skip
CASES = [case for tell in TOLD for case in tell()]


@pytest.mark.parametrize("case", CASES, ids=[case.row for case in CASES])
def test_named_case(case: Case) -> None:
    findings = findings_of(case.stories)
    assert pairs_of(findings, FindingKind.LOST_UPDATE).get(Verdict.PROVEN, 0) == case.lost
    if case.races is not None:
        assert pairs_of(findings, FindingKind.RACE) == case.races


def test_an_unlocked_reader_of_a_locked_transfer_is_a_warning() -> None:
    (case, *_) = unlocked_reader()
    assert {finding.severity for finding in findings_of(case.stories)} == {Severity.WARNING}
