"""Groups: one finding per fault, its name, its sentences, its rank, and what it absorbs."""

from __future__ import annotations

import pytest
from tests.unit.core.build import Said, Story

from raceway_core.analysis import analyze_trace
from raceway_core.counting.fingerprint import Side, fingerprint_of, project_file
from raceway_core.event import AccessType, EventId, HeldLock, LockMode, TraceId
from raceway_core.finding import (
    AccessEvidence,
    Finding,
    FindingKind,
    PairCounts,
    Severity,
    Verdict,
    merge_findings,
)
from raceway_core.identity import Place, place_of
from raceway_core.sentence import fix_of, missing_edge_of, span_of, summary_of

READ, WRITE = AccessType.READ, AccessType.WRITE


def side(location: str, kind: AccessType = WRITE, service: str = "bank") -> Side:
    return Side(service, place_of(location), kind)


MINE = fingerprint_of(
    "accounts['alice']", side("app/bank.py:41 transfer"), side("app/bank.py:44 transfer", READ)
)


@pytest.mark.parametrize(
    ("variable", "first", "second"),
    [
        ("accounts['bob']", side("app/bank.py:41 transfer"), side("app/bank.py:44 transfer", READ)),
        ("accounts['alice']", side("app/bank.py:44 transfer", READ), side("app/bank.py:41 transfer")),
        ("accounts['alice']", side("app/bank.py:99 transfer"), side("app/bank.py:7 transfer", READ)),
        (
            "accounts['alice']",
            side("/home/ann/app/bank.py:41 transfer"),
            side("C:\\src\\app\\bank.py:44 transfer", READ),
        ),
    ],
    ids=["another key", "the other way round", "other lines", "other machines"],
)
def test_a_fault_keeps_its_fingerprint(variable: str, first: Side, second: Side) -> None:
    assert fingerprint_of(variable, first, second) == MINE


@pytest.mark.parametrize(
    ("variable", "first", "second"),
    [
        ("balances['alice']", side("app/bank.py:41 transfer"), side("app/bank.py:44 transfer", READ)),
        ("accounts['alice']", side("app/bank.py:41 withdraw"), side("app/bank.py:44 transfer", READ)),
        ("accounts['alice']", side("app/bank.py:41 transfer"), side("app/bank.py:44 transfer")),
        ("accounts['alice']", side("app/shop.py:41 transfer"), side("app/bank.py:44 transfer", READ)),
        (
            "accounts['alice']",
            side("app/bank.py:41 transfer", service="shop"),
            side("app/bank.py:44 transfer", READ),
        ),
    ],
    ids=["variable", "function", "kind", "file", "service"],
)
def test_another_fault_has_another_fingerprint(variable: str, first: Side, second: Side) -> None:
    assert fingerprint_of(variable, first, second) != MINE


def test_without_a_function_the_line_stands_in() -> None:
    assert fingerprint_of("x", side("a.py:1"), side("a.py:1")) != fingerprint_of(
        "x", side("a.py:2"), side("a.py:1")
    )


@pytest.mark.parametrize(
    ("file", "shown"),
    [
        ("bank.py", "bank.py"),
        ("./app/bank.py", "app/bank.py"),
        ("/bank.py", "bank.py"),
        ("/srv/bank/app/bank.py", "app/bank.py"),
        ("file:///srv/app/bank.ts", "app/bank.ts"),
        ("deep/in/the/project.py", "deep/in/the/project.py"),
    ],
)
def test_a_file_is_named_relative_to_its_project(file: str, shown: str) -> None:
    assert project_file(file) == shown


def evidence(
    kind: AccessType,
    location: str,
    thread: str,
    *locks: HeldLock,
    service: str = "bank",
    trace: str = "t",
    task: str = "",
) -> AccessEvidence:
    return AccessEvidence(
        event_id=EventId("e"),
        trace_id=TraceId(trace),
        time_ns=0,
        variable="balance",
        access_type=kind,
        service=service,
        instance=None,
        process_id=1,
        thread_id=thread,
        location=location,
        lockset=locks,
        task=task,
    )


ALONE, SHARED = HeldLock("l"), HeldLock("l", LockMode.SHARED)


@pytest.mark.parametrize(
    ("verdict", "first", "second", "sentence"),
    [
        (
            Verdict.POSSIBLE,
            evidence(WRITE, "bank.py:41 transfer", "worker-1"),
            evidence(READ, "bank.py:44 transfer", "worker-2"),
            (
                "Nothing orders the write at bank.py:41 transfer (worker-1) and the read at bank.py:44"
                " transfer (worker-2): neither causes the other, and no lock is held at either."
            ),
        ),
        (
            Verdict.OBSERVED,
            evidence(WRITE, "bank.py:41", "w1", ALONE),
            evidence(WRITE, "", "", service="shop"),
            (
                "Nothing orders the write at bank.py:41 (w1) and the write at an unknown place (an unnamed"
                " thread of shop): neither causes the other; the first holds lock l, the second no lock."
            ),
        ),
        (
            Verdict.POSSIBLE,
            evidence(WRITE, "a", "w1", SHARED),
            evidence(WRITE, "b", "w2", SHARED),
            (
                "Nothing orders the write at a (w1) and the write at b (w2): neither causes the other, and"
                " both hold lock l only shared."
            ),
        ),
        (
            Verdict.OBSERVED,
            evidence(WRITE, "a", "w1"),
            evidence(WRITE, "b", "w2", trace="u"),
            (
                "Nothing orders the write at a (w1) and the write at b (w2): no cause joins their two traces,"
                " and no lock is held at either."
            ),
        ),
        (
            Verdict.ORDER_DEPENDENT,
            evidence(WRITE, "a", "w1"),
            evidence(WRITE, "b", "w2"),
            (
                "Only the order in which a lock was granted separates the write at a (w1) and the write at b"
                " (w2): no lock is held at both."
            ),
        ),
    ],
    ids=["no lock", "one lock, two services", "shared", "two traces", "order-dependent"],
)
def test_the_missing_edge_names_places_threads_and_what_is_missing(
    verdict: Verdict, first: AccessEvidence, second: AccessEvidence, sentence: str
) -> None:
    assert missing_edge_of(verdict, first, second) == sentence


def test_the_missing_edge_of_a_proof_names_the_read_that_was_overtaken() -> None:
    first, second = evidence(WRITE, "bank.py:44", "w1"), evidence(WRITE, "bank.py:44", "w2")
    witness = [evidence(READ, "bank.py:41", "w1"), evidence(READ, "bank.py:41", "w2")]
    assert missing_edge_of(Verdict.PROVEN, first, second, witness) == (
        "No lock is held from the read at bank.py:41 to the write at bank.py:44 (w2), so the write at"
        " bank.py:44 (w1) came between them unseen."
    )
    assert missing_edge_of(Verdict.PROVEN, first, second) == (
        "No lock is held from read to write around the write at bank.py:44 (w1) and the write at"
        " bank.py:44 (w2): one update undid the other."
    )


def test_the_missing_edge_tells_tasks_of_one_thread_apart() -> None:
    first, second = (evidence(WRITE, "bank.py:44", "loop", task=task) for task in ("request-1", "request-2"))
    witness = [evidence(READ, f"bank.py:4{n}", "loop", task=f"request-{n}") for n in (1, 2)]
    assert missing_edge_of(Verdict.PROVEN, first, second, witness) == (
        "No lock is held from the read at bank.py:42 to the write at bank.py:44 (request-2), so the write at"
        " bank.py:44 (request-1) came between them unseen."
    )


@pytest.mark.parametrize(
    ("locations", "span"),
    [
        (["bank.py:44 f", "bank.py:41 f"], "bank.py:41–44"),
        (["bank.py:41", "bank.py:41"], "bank.py:41"),
        (["shop.py:7", "bank.py:1", "bank.py:3"], "bank.py:1–3 and shop.py:7"),
        (["somewhere"], "somewhere"),
        ([""], "both accesses"),
    ],
)
def test_a_fix_spans_the_lines_of_each_file(locations: list[str], span: str) -> None:
    assert span_of(map(place_of, locations)) == span


def test_the_fix_names_the_lock_that_guards_the_other_accesses() -> None:
    places = [Place("bank.py", "1", "f"), Place("bank.py", "4", "f")]
    assert fix_of(None, "x", places) == "Hold one exclusive lock across bank.py:1–4."
    assert (
        fix_of("l", "x", places) == "Hold lock l, which guards the other accesses of x, across bank.py:1–4."
    )


def test_a_summary_is_a_headline() -> None:
    assert summary_of(FindingKind.RACE, "x", WRITE, WRITE) == "two writes of x race"
    assert summary_of(FindingKind.RACE, "x", READ, WRITE) == "read and write of x race"
    lost = summary_of(FindingKind.LOST_UPDATE, "x", WRITE, WRITE)
    assert lost == "one update of x overwrote another that it had not seen"


def findings_of(story: Story) -> tuple[Finding, ...]:
    return analyze_trace(story.trace_id, story.events).findings


def test_pairs_of_one_fault_are_one_finding_with_five_examples() -> None:
    story = Story()
    root = story.call()
    for number in range(8):
        story.write(f"accounts[{number % 2}]", number, on=f"w{number}", parent=root)
    (finding,) = findings_of(story)
    assert finding.variable == "accounts[*]"
    assert finding.pairs == 12
    assert len(finding.examples) == 5
    assert [one.sort_key for one in finding.examples] == sorted(one.sort_key for one in finding.examples)


def test_findings_are_ranked_worst_first() -> None:
    story = Story()
    root = story.call()
    for thread in ("w1", "w2"):
        story.read("x", 1, on=thread, parent=root, place="a.py:1 f")
        story.write("y", 1, on=thread, parent=root, place="a.py:2 f")
    story.write("x", 1, on="w3", parent=root, place="a.py:3 g")
    assert [finding.severity for finding in findings_of(story)] == [Severity.CRITICAL, Severity.WARNING]


def test_a_race_that_a_stronger_one_explains_is_covered() -> None:
    """A flag is set after the data; who reads the flag first reads the data after it."""
    story = Story()
    root = story.call()
    story.write("data", 1, on="w", parent=root, place="a.py:1 set", at=1)
    story.write("flag", True, on="w", parent=root, place="a.py:2 set", at=2)
    story.read("flag", True, on="r", parent=root, place="a.py:8 get", at=3)
    story.read("data", 1, on="r", parent=root, place="a.py:9 get", at=4)
    flag, data = findings_of(story)
    assert (flag.variable, flag.uncovered) == ("flag", True)
    assert (data.variable, data.uncovered) == ("data", False)


def lost_update() -> Story:
    """Two requests in one trace: both read version 1, both write."""
    story = Story()
    for thread in ("w1", "w2"):
        said = Said(on=thread, parent=story.http(on=thread))
        story.read("balance", 100, **(said | Said(version=1, place="bank.py:41 transfer")))
    for version, thread in enumerate(("w1", "w2"), start=2):
        story.write("balance", 90, version=version, on=thread, place="bank.py:44 transfer")
    return story


def test_a_lost_update_absorbs_the_races_of_its_pairs() -> None:
    story = lost_update()
    result = analyze_trace(story.trace_id, story.events)
    (finding,) = result.findings
    write, read = side("bank.py:44 transfer"), side("bank.py:41 transfer", READ)
    assert finding.kind is FindingKind.LOST_UPDATE
    assert finding.fingerprint == fingerprint_of("balance", write, write)
    assert finding.aliases == (fingerprint_of("balance", write, read),)
    assert (finding.verdict, finding.severity, finding.pairs) == (Verdict.PROVEN, Severity.CRITICAL, 1)
    assert result.variables[0].pairs == PairCounts(proven=3)
    assert {example.verdict for example in result.races} == {Verdict.PROVEN}


def test_merged_findings_of_several_variables_are_named_by_their_pattern() -> None:
    found: list[Finding] = []
    for key in ("alice", "bob"):
        story = Story(f"trace of {key}")
        root = story.call()
        for thread in ("w1", "w2"):
            story.write(f"accounts['{key}']", 1, on=thread, parent=root)
        found.extend(findings_of(story))
    (merged,) = merge_findings(found)
    assert merged.variable == "accounts[*]"
    assert merged.trace_ids == ("trace of alice", "trace of bob")
    assert merged == merge_findings(reversed(found))[0]
