"""A watched dict does what a dict does, and its events tell the truth about it."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import raceway
from raceway.watched_dict import WatchedDict

KEYS = st.sampled_from(["a", "b", "c", 1, True, 1.0, None, ("x", 2)])
VALUES = st.one_of(st.integers(), st.text(max_size=3), st.none())

Events = Callable[[], list[dict[str, Any]]]


class LikeADict(RuleBasedStateMachine):
    """Every operation on a watched dict and on a plain one gives the same result or the same error."""

    def __init__(self) -> None:
        super().__init__()
        self.plain: dict[Any, Any] = {"a": 1}
        self.watched: dict[Any, Any] = WatchedDict({"a": 1}, "model")

    def both(self, act: Callable[[dict[Any, Any]], object]) -> None:
        """Do the same to both."""
        assert _outcome(act, self.watched) == _outcome(act, self.plain)

    @rule(key=KEYS, value=VALUES)
    def set(self, key: object, value: object) -> None:
        self.both(lambda d: d.__setitem__(key, value))

    @rule(key=KEYS, default=VALUES)
    def read(self, key: object, default: object) -> None:
        self.both(lambda d: d[key])
        self.both(lambda d: d.get(key))
        self.both(lambda d: d.get(key, default))
        self.both(lambda d: key in d)

    @rule(key=KEYS, default=VALUES)
    def remove(self, key: object, default: object) -> None:
        self.both(lambda d: d.pop(key))
        self.both(lambda d: d.pop(key, default))

    @rule(key=KEYS)
    def delete(self, key: object) -> None:
        self.both(lambda d: d.__delitem__(key))

    @rule(key=KEYS, default=VALUES)
    def setdefault(self, key: object, default: object) -> None:
        self.both(lambda d: d.setdefault(key, default))

    @rule()
    def popitem(self) -> None:
        self.both(lambda d: d.popitem())

    @rule()
    def clear(self) -> None:
        self.both(lambda d: d.clear())

    @rule(more=st.dictionaries(KEYS, VALUES, max_size=3))
    def merge(self, more: dict[Any, Any]) -> None:
        self.both(lambda d: d.update(more, z=1))
        self.both(lambda d: d | more)
        self.both(lambda d: more | d)
        self.both(lambda d: d.update(list(more.items())))
        self.both(lambda d: d.__ior__(more) == d)

    @rule()
    def bad_calls(self) -> None:
        self.both(lambda d: d[[]])
        self.both(lambda d: d.update(1))
        self.both(lambda d: d | 1)
        self.both(lambda d: [d.clear() for _ in d])
        self.both(hash)

    @invariant()
    def looks_the_same(self) -> None:
        self.both(list)
        self.both(lambda d: list(reversed(d)))
        self.both(lambda d: (list(d.keys()), list(d.values()), list(d.items())))
        self.both(lambda d: (list(reversed(d.keys())), list(reversed(d.values())), list(reversed(d.items()))))
        self.both(lambda d: (repr(d), repr(d.keys()), repr(d.values()), repr(d.items())))
        self.both(lambda d: (len(d), bool(d), d == dict(d), d != {}, d.keys() & {"a"}, ("a", 1) in d.items()))
        self.both(lambda d: (dict(d), {**d}, d.copy(), copy.copy(d), copy.deepcopy(d)))
        self.both(lambda d: pickle.loads(pickle.dumps(d)))  # noqa: S301 -- just dumped
        self.both(lambda d: type(copy.copy(d)))
        self.both(lambda d: json.dumps(d, default=str, skipkeys=True))
        self.both(lambda d: (isinstance(d, dict), d.keys() == set(dict(d)), 1 in d.values()))


def _outcome(act: Callable[[dict[Any, Any]], object], content: dict[Any, Any]) -> object:
    try:
        return act(content)
    except (KeyError, TypeError, RuntimeError) as error:
        return type(error), error.args if isinstance(error, KeyError) else None


@pytest.mark.parametrize("is_recording", [False, True])
def test_a_watched_dict_is_a_dict(is_recording: bool, start: Callable[..., None]) -> None:
    if is_recording:
        start()
    run_state_machine_as_test(
        LikeADict, settings=settings(max_examples=25, stateful_step_count=15, deadline=None)
    )


def accesses(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """(variable, access type, version, value read or written) in order of recording."""
    changes = [event["kind"]["StateChange"] for event in events if "StateChange" in event["kind"]]
    return [(c["variable"], c["access_type"], c["version"], c.get("new_value")) for c in changes]


def test_reads_and_writes_carry_value_and_version(recorded: Events) -> None:
    ledger = raceway.watch({"alice": 100}, "ledger")
    ledger["alice"] += 5
    assert ledger.get("bob") is None
    ledger["bob"] = 1
    del ledger["bob"]
    ledger["bob"] = 2
    assert accesses(recorded()) == [
        ("ledger['alice']", "Read", 0, 100),
        ("ledger['alice']", "Write", 1, 105),
        ("ledger['bob']", "Read", 0, None),
        ("ledger['bob']", "Write", 1, 1),
        ("ledger.keys", "AtomicRMW", 1, 2),
        ("ledger['bob']", "Write", 2, None),
        ("ledger.keys", "AtomicRMW", 2, 1),
        ("ledger['bob']", "Write", 3, 2),
        ("ledger.keys", "AtomicRMW", 3, 2),
    ]


def test_in_len_and_iteration_read_which_keys_there_are(recorded: Events) -> None:
    stock = raceway.watch({"tea": 1}, "stock")
    assert "tea" in stock
    assert len(stock) == 1
    assert [key for key in stock] == ["tea"]  # noqa: C416 -- `list` would ask for the length, too
    assert [pair for pair in stock.items()] == [("tea", 1)]  # noqa: C416 -- as above
    keys = ("stock.keys", "Read", 0, 1)
    assert accesses(recorded()) == [keys, keys, keys, keys, ("stock['tea']", "Read", 0, 1)]


def test_one_step_operations_are_atomic(recorded: Events) -> None:
    shelf = raceway.watch({"tea": 1}, "shelf")
    shelf.setdefault("milk", 2)
    shelf.setdefault("milk", 3)
    shelf.pop("tea")
    seen = accesses(recorded())
    assert seen[0] == ("shelf['milk']", "AtomicRMW", 1, 2)
    assert seen[2] == ("shelf['milk']", "Read", 1, 2)
    assert seen[3][:3] == ("shelf['tea']", "AtomicRMW", 1)


def test_an_access_tells_where_by_whom_and_under_what(recorded: Events) -> None:
    stock = raceway.watch({"tea": 1}, "stock")
    assert stock["tea"] == 1
    (event,) = recorded()
    change, metadata = event["kind"]["StateChange"], event["metadata"]
    assert change["scope"] == "process"
    assert change["location"].endswith("test_an_access_tells_where_by_whom_and_under_what")
    assert metadata["service_name"] == "shop"
    component = f"shop#{metadata['instance_id']}#{metadata['task_id']}"
    assert event["causality_vector"] == [[component, 1]]
    assert event["lock_set"] == []


def test_the_line_is_the_applications_even_when_a_library_reads(recorded: Events) -> None:
    stock = raceway.watch({"tea": 1}, "stock")
    json.dumps(stock)
    locations = {event["kind"]["StateChange"]["location"] for event in recorded()}
    assert len(locations) == 1
    assert locations.pop().endswith("test_the_line_is_the_applications_even_when_a_library_reads")


def test_secret_and_long_values_are_sent_as_equal_hashes(recorded: Events) -> None:
    vault = raceway.watch({"password": "hunter2", "text": "x" * 2000, "pin": {"secret": 1}}, "vault")
    for key in ("password", "password", "text", "pin"):
        assert vault[key]
    changes = [event["kind"]["StateChange"] for event in recorded()]
    assert all("new_value" not in change for change in changes)
    hashes = [change["value_hash"] for change in changes]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3
    assert "hunter2" not in json.dumps(changes)


def test_what_cannot_be_shown_is_unknown_and_runs_no_code_of_the_application(recorded: Events) -> None:
    class Rude:
        def __repr__(self) -> str:
            raise AssertionError("nobody asked")

        __str__ = __repr__

    odd = raceway.watch({"rude": Rude(), "nan": float("nan"), "deep": [[[[[[[1]]]]]]]}, "odd")
    for key in ("rude", "nan", "deep"):
        assert odd[key] is not None
    changes = [event["kind"]["StateChange"] for event in recorded()]
    assert [change.get("new_value", "unknown") for change in changes] == ["unknown", "nan", "unknown"]


def test_a_mutable_value_is_sent_as_it_was(recorded: Events) -> None:
    basket = raceway.watch({"items": ["tea"]}, "basket")
    basket["items"].append("milk")
    basket["items"].append("sugar")
    values = [event["kind"]["StateChange"]["new_value"] for event in recorded()]
    assert values == [["tea"], ["tea", "milk"]]


def test_a_second_watch_of_a_name_is_another_variable(recorded: Events) -> None:
    first, second = raceway.watch({"a": 1}, "twice"), raceway.watch({"a": 2}, "twice")
    assert first["a"] + second["a"] == 3
    assert [row[0] for row in accesses(recorded())] == ["twice['a']", "twice#2['a']"]


def test_versions_never_come_twice_although_departed_keys_are_forgotten(
    recorded: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("raceway.cells.MOST_DEPARTED", 4)
    jobs: dict[str, int] = raceway.watch({}, "jobs")
    for number in range(50):
        jobs[f"job-{number % 7}"] = number
        del jobs[f"job-{number % 7}"]
    versions: dict[str, list[int]] = {}
    for variable, _, version, _ in accesses(recorded()):
        versions.setdefault(variable, []).append(version)
    assert all(seen == sorted(set(seen)) for seen in versions.values())


@given(
    st.recursive(st.none() | st.integers() | st.floats() | st.text() | st.binary(), st.lists, max_leaves=20)
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_becomes_json_or_is_unknown(value: object) -> None:
    from raceway.value import Fields, Values

    fields: Fields = {}
    Values(b"key").note(fields, "new_value", value, is_secret=False)
    assert set(fields) <= {"new_value", "value_hash"}
    json.dumps(fields, allow_nan=False)


def test_a_copy_of_many_keys_is_recorded_in_part_and_says_so(recorded: Events) -> None:
    many = raceway.watch(dict.fromkeys(range(1200), 0), "many")
    assert len(many.copy()) == 1200
    assert len(recorded()) == 1001
    assert raceway.stats()["dropped"] == {"bulk_read": 200}
