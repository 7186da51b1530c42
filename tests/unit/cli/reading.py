"""Files to analyze, and the commands that do."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result
from tests.e2e.worked_example import four_events, trace_id

from raceway_cli.commands.analyze import command as analyze_command
from raceway_cli.commands.check import command as check_command

ROOT = Path(__file__).parents[3]
SPLIT_LOCK = ROOT / "examples" / "std" / "split_lock.std"
DOCTORS = ROOT / "examples" / "histories" / "doctors.json"
FORK_JOIN = Path(__file__).parent / "files" / "fork_join.std"

SAMPLES = sorted(
    path
    for folder in ("tests/fixtures/jaeger", "tests/fixtures/otlp", "tests/fixtures/shiviz", "examples/std")
    for path in (ROOT / folder).iterdir()
    if ".expected." not in path.name
)
"""Files of every format but `raceway` and `history`."""


def analyze(*arguments: str | Path, given: str | bytes | None = None) -> Result:
    """Run `raceway analyze`."""
    return CliRunner().invoke(analyze_command, [str(one) for one in arguments], input=given)


def check(*arguments: str | Path, given: str | bytes | None = None) -> Result:
    """Run `raceway check`."""
    return CliRunner().invoke(check_command, [str(one) for one in arguments], input=given)


def story(number: int = 1, *, locked: bool = False) -> str:
    """Return the events of the worked example as lines: a race, or none where `locked`."""
    return "".join(f"{json.dumps(event)}\n" for event in four_events(trace_id(number), locked=locked))
