"""`raceway why` as a person reads it."""

from __future__ import annotations

import pytest
from tests.unit.core.build import Story

from raceway_api.graphs import VersionedGraph
from raceway_api.v1.why import WhyView, view_why
from raceway_cli.show.why import print_why
from raceway_core.causality import Causality
from raceway_core.event import Event
from raceway_core.options import DEFAULTS


def why(story: Story, first: Event, second: Event) -> WhyView:
    graph = VersionedGraph(story.trace_id, 1, Causality(story.events, DEFAULTS))
    return view_why(graph, first.id, second.id)


def shown(capsys: pytest.CaptureFixture[str], view: WhyView) -> list[str]:
    print_why(view)
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()]


def bank() -> tuple[Story, list[Event]]:
    story = Story()
    root = story.call("main", at=10, lasts_ms=10)
    writes = [story.write("balance", on=name, parent=root, at=at) for at, name in ((4, "w1"), (6, "w2"))]
    return story, [root, *writes]


def test_of_concurrent_events_both_branches(capsys: pytest.CaptureFixture[str]) -> None:
    story, (_, first, second) = bank()
    assert shown(capsys, why(story, first, second)) == [
        "concurrent",
        "",
        "  from  write of balance at bank.py:10 transfer (w1), locks held: none",
        "  to    write of balance at bank.py:10 transfer (w2), locks held: none",
        "",
        (
            "Nothing orders the write of balance at bank.py:10 transfer (w1) and the write of balance at"
            " bank.py:10 transfer (w2): neither causes the other, and no lock is held at either."
            " Both follow the start of the call of main (main)."
        ),
        "",
        "from what both follow to `from`",
        "by      event                  service  task  at                   time",
        "        start of call of main  bank     main                       2023-11-14 22:13:20.000",
        "parent  write of balance       bank     w1    bank.py:10 transfer  2023-11-14 22:13:20.004",
        "",
        "from what both follow to `to`",
        "by      event                  service  task  at                   time",
        "        start of call of main  bank     main                       2023-11-14 22:13:20.000",
        "parent  write of balance       bank     w2    bank.py:10 transfer  2023-11-14 22:13:20.006",
    ]


def test_of_ordered_events_the_way_between_them(capsys: pytest.CaptureFixture[str]) -> None:
    story, (_, first, _) = bank()
    last = [story.write("balance", at=11 + number) for number in range(3)][-1]
    lines = shown(capsys, why(story, last, first))
    assert lines[0] == "from after to"
    assert [line.split("  ")[0] for line in lines if "bank     " in line] == [
        "",
        "structured return (assumed)",
        "program order, past 2 events",
    ]


def test_what_is_left_out_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    story = Story()
    events = [story.call("step", on="t0")]
    for number in range(1, 50):
        events.append(story.call("step", on=f"t{number}", parent=events[-1]))
        story.call("rest", on=f"t{number}", parent=events[-1])
    lines = shown(capsys, why(story, events[0], events[-1]))
    assert "… 9 steps left out" in lines
