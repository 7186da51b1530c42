"""Isolation anomalies by name: hand-made histories, and what each of them proves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest
from tests.unit.core.isolation_history import history

from raceway_core.isolation.check import check
from raceway_core.isolation.history import Anomaly, Isolation
from raceway_core.isolation.level import Level

FROM_READ_COMMITTED = tuple(level.word for level in Level)
FROM_READ_ATOMIC = FROM_READ_COMMITTED[1:]
FROM_CAUSAL = FROM_READ_COMMITTED[2:]
FROM_SNAPSHOT = FROM_READ_COMMITTED[3:]
SERIALIZABLE = FROM_READ_COMMITTED[4:]


class Case(NamedTuple):
    """A history, what is found in it as `class members: edges`, and the levels that it refutes."""

    name: str
    sessions: Sequence[Sequence[str]]
    found: Sequence[str]
    refuted: Sequence[str]
    unrecoverable: Sequence[str] = ()


CASES = [
    Case("nothing at all", [], [], ()),
    Case("serial updates", [["A r,x,null w,x,1"], ["B r,x,1 w,x,2"], ["C r,x,2 w,x,3"]], [], ()),
    Case(
        "write cycle",
        [["A a,x,1 a,y,1"], ["B a,x,2 a,y,2"], ["C r,x,[1,2] r,y,[2,1]"]],
        ["G0 A B: A-ww(x)-B B-ww(y)-A"],
        FROM_READ_COMMITTED,
    ),
    Case(
        "two reads of a list that no order explains",
        [["A a,x,1"], ["B a,x,2"], ["C r,x,[1,2]"], ["D r,x,[2,1]"]],
        ["G0 A B: A-ww(x)-B B-ww(x)-A"],
        FROM_READ_COMMITTED,
    ),
    Case("aborted read", [["A! w,x,1"], ["B r,x,1"]], ["G1a A B"], FROM_READ_COMMITTED),
    Case("aborted append", [["A! a,x,1"], ["B a,x,2 r,x,[1,2]"]], ["G1a A B"], FROM_READ_COMMITTED),
    Case("intermediate read", [["A w,x,1 w,x,2"], ["B r,x,1"]], ["G1b A B"], FROM_READ_COMMITTED),
    Case("half of two appends", [["A a,x,1 a,x,2"], ["B r,x,[1]"]], ["G1b A B"], FROM_READ_COMMITTED),
    Case(
        "circular reads",
        [["A w,x,1 r,y,1"], ["B w,y,1 r,x,1"]],
        ["G1c A B: A-wr(x)-B B-wr(y)-A"],
        FROM_READ_COMMITTED,
    ),
    Case(
        "a read of what the session writes only later",
        [["A r,x,1", "B w,x,1"]],
        ["G1c A B: A-so-B B-wr(x)-A"],
        FROM_READ_COMMITTED,
    ),
    Case("own write not read", [["A w,x,1 r,x,2"], ["B w,x,2"]], ["internal A"], FROM_READ_ATOMIC),
    Case("own write read before it was made", [["A r,x,1 w,x,1"]], ["internal A"], FROM_READ_ATOMIC),
    Case("own append lost", [["A a,x,1 r,x,[]"]], ["internal A"], FROM_READ_ATOMIC),
    Case("own append moved", [["A r,x,[] a,x,1 r,x,[2,1]"], ["B a,x,2"]], ["internal A"], FROM_READ_ATOMIC),
    Case(
        "two reads differ", [["A r,x,null r,x,1"], ["B w,x,1"]], ["non-repeatable-read A"], FROM_READ_ATOMIC
    ),
    Case(
        "read skew",
        [["A w,x,1 w,y,1"], ["B r,x,1 r,y,null"]],
        ["G-single A B: A-wr(x)-B B-rw(y)-A"],
        FROM_READ_ATOMIC,
    ),
    Case(
        "read skew of lists",
        [["A a,x,1 a,y,1"], ["B r,x,[1] r,y,[]"]],
        ["G-single A B: A-wr(x)-B B-rw(y)-A"],
        FROM_READ_ATOMIC,
    ),
    Case(
        "read skew over versions written in one session",
        [["S w,x,0 w,y,0", "A w,x,1 w,y,1"], ["B r,x,1 r,y,0"]],
        ["G-single A B: A-wr(x)-B B-rw(y)-A"],
        FROM_READ_ATOMIC,
    ),
    Case(
        "a session that does not see its own write",
        [["A w,x,1", "B r,x,null"]],
        ["G-single A B: A-so-B B-rw(x)-A"],
        FROM_READ_ATOMIC,
    ),
    Case(
        "reads that go back in time",
        [["A w,x,1", "B w,x,2"], ["C r,x,2", "D r,x,1"]],
        ["stale-read B C D: B-wr(x)-C C-so-D D-rw(x)-B"],
        FROM_CAUSAL,
    ),
    Case(
        "reads that disagree about two blind writes",
        [["A w,x,1"], ["B w,x,2"], ["C r,x,1", "D r,x,2"], ["E r,x,2", "F r,x,1"]],
        ["stale-read B E F: B-wr(x)-E E-so-F F-rw(x)-B"],
        FROM_CAUSAL,
    ),
    Case(
        "a cause that was not seen",
        [["A w,x,1"], ["B r,x,1 w,y,1"], ["C r,y,1 r,x,null"]],
        ["G-single A B C: A-wr(x)-B B-wr(y)-C C-rw(x)-A"],
        FROM_CAUSAL,
    ),
    Case(
        "long fork",
        [["A w,x,1"], ["B w,y,1"], ["C r,x,1 r,y,null"], ["D r,x,null r,y,1"]],
        ["G-nonadjacent A C B D: A-wr(x)-C C-rw(y)-B B-wr(y)-D D-rw(x)-A"],
        FROM_SNAPSHOT,
    ),
    Case(
        "lost update",
        [["S w,x,0"], ["A r,x,0 w,x,1"], ["B r,x,0 w,x,2"]],
        ["lost-update A B: A-rw(x)-B B-rw(x)-A"],
        FROM_SNAPSHOT,
    ),
    Case(
        "lost update that wrote the same value",
        [["S w,x,100"], ["A r,x,100 w,x,90"], ["B r,x,100 w,x,90"]],
        ["lost-update A B: A-rw(x)-B B-rw(x)-A"],
        FROM_SNAPSHOT,
    ),
    Case(
        "lost update of a list",
        [["A r,x,[] a,x,1"], ["B r,x,[] a,x,2"], ["C r,x,[1,2]"]],
        ["lost-update A B: A-ww(x)-B B-rw(x)-A"],
        FROM_SNAPSHOT,
    ),
    Case(
        "blind append lost",
        [["A r,x,[] a,x,2"], ["B a,x,1"], ["C r,x,[1,2]"]],
        ["lost-update A B: A-rw(x)-B B-ww(x)-A"],
        FROM_SNAPSHOT,
    ),
    Case(
        "three updates of one version",
        [["A r,x,null w,x,1"], ["B r,x,null w,x,2"], ["C r,x,null w,x,3"]],
        [
            "lost-update A B: A-rw(x)-B B-rw(x)-A",
            "lost-update A C: A-rw(x)-C C-rw(x)-A",
            "lost-update B C: B-rw(x)-C C-rw(x)-B",
        ],
        FROM_SNAPSHOT,
    ),
    Case(
        "write skew",
        [["A r,x,null r,y,null w,x,1"], ["B r,x,null r,y,null w,y,1"]],
        ["G2-item A B: A-rw(y)-B B-rw(x)-A"],
        SERIALIZABLE,
    ),
    Case(
        "a read-only transaction's anomaly",
        [["A r,x,null r,y,null w,x,1"], ["B r,y,null w,y,1"], ["C r,x,null r,y,1"]],
        ["G2-item A B C: A-rw(y)-B B-wr(y)-C C-rw(x)-A"],
        SERIALIZABLE,
    ),
    Case("a value that nobody wrote", [["A w,x,1"], ["B r,x,7"]], [], (), ["x"]),
    Case("a key that nobody wrote", [["B r,x,7"]], [], (), ["x"]),
    Case("a value that two wrote", [["A w,x,1 w,y,1"], ["B w,x,1"], ["C r,x,1 r,y,null"]], [], (), ["x"]),
    Case("a null that was written", [["A w,x,null"], ["B r,x,null"]], [], (), ["x"]),
    Case("an element twice in a list", [["A a,x,1"], ["B r,x,[1,1]"]], [], (), ["x"]),
    Case("a key written and appended to", [["A w,x,1"], ["B a,x,2"], ["C r,x,1"]], [], (), ["x"]),
    Case("an own write that was never read back right", [["A w,x,1 r,x,2"]], [], (), ["x"]),
    Case(
        "unknown but read",
        [["A? w,x,1 w,y,1"], ["B r,x,1 r,y,null"]],
        ["G-single A B: A-wr(x)-B B-rw(y)-A"],
        FROM_READ_ATOMIC,
    ),
    Case(
        "unknown, read by one that was unknown and read",
        [["A? w,x,1"], ["B? r,x,1 w,y,1"], ["C r,y,1 r,x,null"]],
        ["G-single A B C: A-wr(x)-B B-wr(y)-C C-rw(x)-A"],
        FROM_CAUSAL,
    ),
    Case("unknown and never read", [["A? r,x,null w,x,1"], ["B r,x,null w,x,2"]], [], ()),
    Case("unknown, read only by an aborted one", [["A? w,x,1"], ["B! r,x,1"], ["C r,x,null"]], [], ()),
    Case("what an aborted one saw", [["A w,x,1 w,y,1"], ["B! r,x,1 r,y,null"]], [], ()),
]


def _shown(found: Isolation) -> list[str]:
    return [_line(anomaly) for anomaly in found.anomalies]


def _line(anomaly: Anomaly) -> str:
    head = f"{anomaly.name} {' '.join(anomaly.transactions)}"
    edges = " ".join(
        f"{edge.source}-{edge.edge}{f'({edge.key})' if edge.key else ''}-{edge.target}"
        for edge in anomaly.cycle
    )
    return f"{head}: {edges}" if edges else head


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_named_histories(case: Case) -> None:
    found = check(history(*case.sessions))
    assert _shown(found) == list(case.found)
    assert found.refuted_levels == list(case.refuted)
    assert found.unrecoverable_keys == list(case.unrecoverable)
    assert found.transactions == sum(map(len, case.sessions))


def test_values_of_different_types_are_different() -> None:
    found = check(history(["A w,x,1", 'B w,x,"1"', "C w,x,true", "D r,x,true"], ["E r,x,1.0"]))
    assert (found.anomalies, found.unrecoverable_keys) == ([], ["x"])
    assert not check(history(["A w,x,1", 'B w,x,"1"', "C w,x,true", "D r,x,true"])).unrecoverable_keys


def test_a_crowd_of_updates_is_told_in_linear_space() -> None:
    crowd = [[f"T{number} r,x,null w,x,{number}"] for number in range(200)]
    found = check(history(*crowd))
    assert {anomaly.name for anomaly in found.anomalies} == {"lost-update"}
    assert len(found.anomalies) == 199
    assert {name for anomaly in found.anomalies for name in anomaly.transactions} == {
        f"T{number}" for number in range(200)
    }


def test_many_readers_and_many_blind_writers_meet_in_a_hub() -> None:
    readers = [[f"R{number} r,x,null r,y,{number}"] for number in range(50)]
    writers = [[f"W{number} w,x,{number} w,y,{number}"] for number in range(50)]
    found = check(history(*readers, *writers))
    assert [anomaly.name for anomaly in found.anomalies] == ["G-single"] * 50
    assert found.refuted_levels == list(FROM_READ_ATOMIC)
