"""What if: fork-join programs are run again after a change, and slack is tight to the nanosecond."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.core.build import MS, Story
from tests.unit.core.fork_join import NAMES, Program, as_spans, as_tasks, length_ms, programs
from tests.unit.core.random_trace import events_of_one_trace

from raceway_core.causal_graph import build_graph
from raceway_core.critical_path import are_spans, critical_paths_of
from raceway_core.event import Event
from raceway_core.operation_share import TraceOperations, operations_of, shares_of
from raceway_core.options import Change
from raceway_core.path.host_time import host_shifts_ns
from raceway_core.what_if import Name, Saving, WhatIf, critical_ns_of

Teller = Callable[[Program], list[Event]]
TELLERS = pytest.mark.parametrize("tell", [as_spans, as_tasks])


def name(operation: str) -> Name:
    return Name("web", operation)


@TELLERS
@given(program=programs, changed=st.sampled_from(NAMES), factor=st.sampled_from([0, 0.25, 0.5, 1, 2, 3]))
def test_a_program_run_again(tell: Teller, program: Program, changed: str, factor: float) -> None:
    saving = WhatIf(build_graph(tell(program))).scaled([name(changed)], factor)
    assert saving.before_ns == length_ms(program, {}) * MS
    assert saving.after_ns == round(length_ms(program, {changed: factor}) * MS)


@TELLERS
@given(program=programs)
def test_drag_is_what_is_saved_without_the_operation(tell: Teller, program: Program) -> None:
    graph = build_graph(tell(program))
    critical = critical_ns_of(graph, critical_paths_of(graph))
    drags = WhatIf(graph).drags_ns(critical)
    for operation in NAMES:
        saved_ms = length_ms(program, {}) - length_ms(program, {operation: 0})
        assert drags.get(name(operation), 0) == saved_ms * MS
        assert drags.get(name(operation), 0) <= critical[name(operation)]


@TELLERS
@given(program=programs)
def test_slack_is_tight_for_programs(tell: Teller, program: Program) -> None:
    check_slacks(tell(program))


@given(events_of_one_trace())
def test_slack_is_tight_for_any_trace(events: list[Event]) -> None:
    check_slacks(events)


def check_slacks(events: list[Event]) -> None:
    """Delay each event by its slack: no end moves. By one more: some end moves by one."""
    graph = build_graph(events)
    what_if = WhatIf(graph)
    schedule, slacks = what_if.schedule, what_if.slacks_ns()
    before = [schedule.times_ns()[end] for _, end in schedule.ends]
    for event, step in schedule.last_step.items():
        slack = slacks.get(graph.events[event].id)
        for delay, moved in [(1_000_000, 0)] if slack is None else [(slack, 0), (slack + 1, 1)]:
            lags = schedule.lags_ns.copy()
            lags[step] += delay
            times = schedule.times_ns(lags)
            assert max(times[end] - old for (_, end), old in zip(schedule.ends, before, strict=True)) == moved


@given(events_of_one_trace())
def test_nothing_changes_by_a_factor_of_one(events: list[Event]) -> None:
    graph = build_graph(events)
    what_if = WhatIf(graph)
    lengths = [path.end_ns - path.start_ns for path in critical_paths_of(graph)]
    assert not are_spans(graph) or what_if.scaled([], 1).before_ns == sum(lengths)
    for operation in critical_ns_of(graph, critical_paths_of(graph)):
        saving = what_if.scaled([operation], 1)
        assert saving.before_ns == saving.after_ns


def test_slack_by_hand() -> None:
    story = Story(service="web", instance="w", on="")
    root = story.call("root", began=0, at=100, lasts_ms=100)
    story.call("short", began=10, at=40, lasts_ms=30, parent=root)
    story.call("long", began=10, at=90, lasts_ms=80, parent=root)
    what_if = WhatIf(build_graph(story.events))
    assert {event: slack // MS for event, slack in what_if.slacks_ns().items()} == {
        "e1": 0,
        "e2": 50,
        "e3": 0,
    }
    assert what_if.drags_ns({name("long"): 80 * MS, name("root"): 20 * MS}) == {
        name("long"): 50 * MS,
        name("root"): 20 * MS,
    }


def test_operations_over_traces() -> None:
    def trace(number: int, names: str) -> TraceOperations:
        story = Story(f"t{number}", service="web", instance="w", on="")
        root = story.call("root", began=0, at=100, lasts_ms=100)
        for place, called in enumerate(names):
            began = 10 + 20 * place
            story.call(called, began=began, at=began + 20, lasts_ms=20, parent=root)
        graph = build_graph(story.events)
        return operations_of(graph, critical_paths_of(graph), Change("a", 0.5))

    traces = [trace(1, "ab"), trace(2, "aa"), trace(3, "")]
    shares = {share.operation.operation: share for share in shares_of(traces)}
    assert (shares["a"].critical_ns, shares["a"].drag_ns) == (60 * MS, 60 * MS)
    assert (shares["a"].share, shares["a"].traces, shares["a"].presence) == (60 / 300, 2, 2 / 3)
    assert shares["root"].presence == 1
    assert sum(share.share for share in shares.values()) == pytest.approx(1)
    assert [trace.saving for trace in traces] == [
        Saving(100 * MS, 90 * MS),
        Saving(100 * MS, 80 * MS),
        Saving(100 * MS, 100 * MS),
    ]


def test_a_consumer_delays_nobody() -> None:
    story = Story(service="web", instance="w", on="")
    root = story.call("root", began=0, at=100, lasts_ms=100)
    sent = story.send("m", at=10, parent=root)
    story.receive("m", began=20, at=90, lasts_ms=70, parent=sent, service="mail", instance="m")
    what_if = WhatIf(build_graph(story.events))
    assert what_if.scaled([Name("mail", "m")], 0.0).before_ns >= 100 * MS
    root_only = what_if.schedule.ends[0]
    assert what_if.slacks_ns()[root.id] == 0
    times = what_if.schedule.times_ns()
    assert times[root_only[1]] - times[root_only[0]] == 100 * MS


@pytest.mark.parametrize("ahead_ms", [-3_600_000, -5, 0, 5, 3_600_000])
def test_a_callee_on_a_host_with_another_clock_is_waited_for(ahead_ms: int) -> None:
    story = Story(service="web", instance="w", host="h1")
    there = Story(service="pay", instance="p", host="h2")
    story.http("/", at=0)
    request = story.http("/pay", at=10)
    served = there.call("serve", at=12 + ahead_ms, parent=request, id="s1")
    there.answer(at=92 + ahead_ms, parent=served, id="s2")
    story.answer(at=94, parent=request)
    story.answer(at=100)
    graph = build_graph([*story.events, *there.events])
    saving = WhatIf(graph).scaled([Name("pay", "serve")], 0)
    assert (saving.before_ns, saving.after_ns) == (100 * MS, 20 * MS)
    [path] = critical_paths_of(graph)
    lengths = {part.operation: part.end_ns - part.start_ns for part in path.segments}
    assert lengths["serve"] == 80 * MS
    assert (path.end_ns - path.start_ns, path.start_ns) == (100 * MS, story.events[0].time_ns)


def test_stamps_that_no_shift_can_mend_stay_as_they_are() -> None:
    story, there = Story(host="h1"), Story(service="pay", instance="p", host="h2")
    order = story.http("/", at=0)
    for number, ahead_ms in enumerate([-50, 50]):
        asked = story.http(f"/{number}", at=10.0 + 20 * number, parent=order)
        there.call("serve", at=12.0 + 20 * number + ahead_ms, parent=asked, id=f"s{number}")
        there.answer(at=14.0 + 20 * number + ahead_ms, parent=there.events[-1], id=f"r{number}")
        story.answer(at=16.0 + 20 * number, parent=asked)
    graph = build_graph([*story.events, *there.events])
    assert host_shifts_ns(graph) == [0] * len(graph.chains)
    check_slacks([*story.events, *there.events])


@pytest.mark.parametrize("shape", ["row", "nest"])
def test_wide_and_deep_trees_need_no_recursion(shape: str) -> None:
    numbers, size = count(), 3_000
    story = Story(service="web", instance="w", on="")
    outer = story.call("root", began=0, at=2.0 * size, lasts_ms=2 * size)
    for number in range(size):
        began = float(number) if shape == "row" else number / 2 + 1
        ended = number + 1.0 if shape == "row" else 2 * size - number / 2 - 1
        child = story.call(f"c{next(numbers)}", began=began, at=ended, lasts_ms=ended - began, parent=outer)
        outer = child if shape == "nest" else outer
    what_if = WhatIf(build_graph(story.events))
    assert set(what_if.slacks_ns().values()) == {0}
