"""Why one event is before another: both events, the reason in a sentence, the ways step by step."""

from __future__ import annotations

from collections.abc import Iterator

import click

from raceway_api.v1.why import PartyView, StepView, WayView, WhyView
from raceway_cli.show.finding import counted
from raceway_cli.show.moment import moment_text, what_text
from raceway_cli.show.table import print_table, time_text
from raceway_core.moment_view import MomentView
from raceway_core.reason.explanation import Relation

_COLUMNS = ("by", "event", "service", "task", "at", "time")


def print_why(why: WhyView) -> None:
    """Print how two events stand to each other."""
    relation = click.style(_relation(why), bold=True)
    click.echo(f"{relation}\n")
    for label, party in (("from", why.first), ("to", why.second)):
        click.echo(f"  {label:<5} {_party(party)}")
    click.echo(f"\n{why.sentence}")
    if why.path is not None:
        _print_way(why.path, "the way")
    for branch, name in zip(why.branches, ("from", "to"), strict=False):
        _print_way(branch, f"from what both follow to `{name}`")


def _relation(why: WhyView) -> str:
    word = str(why.relation.value)
    return word if why.relation is Relation.CONCURRENT else f"from {word} to"


def _party(party: PartyView) -> str:
    locks = ", ".join(f"{lock.id} ({lock.mode.value})" for lock in party.lockset) or "none"
    return f"{moment_text(party.event)}, locks held: {locks}"


def _print_way(way: WayView, title: str) -> None:
    click.echo()
    print_table(_COLUMNS, _rows(way), title=title)


def _rows(way: WayView) -> Iterator[tuple[str, ...]]:
    yield ("", *_cells(way.start))
    for number, step in enumerate(way.steps):
        if way.left_out and number == way.cut_after:
            yield (f"… {counted(way.left_out, 'step')} left out", "", "", "", "", "")
        yield (_by(step), *_cells(step.to))


def _by(step: StepView) -> str:
    past = f", past {counted(step.passed, 'event')}" if step.passed else ""
    return f"{step.kind.value}{past}"


def _cells(moment: MomentView) -> tuple[str, ...]:
    return (
        what_text(moment),
        moment.service,
        moment.task_id or moment.thread_id,
        moment.location,
        time_text(moment.timestamp),
    )
