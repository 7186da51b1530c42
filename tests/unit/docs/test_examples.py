"""What the pages show is what Raceway prints: each command in a block of output is run on its file.

A line `…` stands for lines that are left out. `raceway why` and `raceway audit` ask a server; here the same
views are made from the example that has the trace.
"""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from raceway_api.graphs import VersionedGraph
from raceway_api.original.audit import view_accesses
from raceway_api.v1.trace import AuditTrailItem, AuditTrails
from raceway_api.v1.why import view_why
from raceway_cli.commands.analyze import command
from raceway_cli.show.trace import print_audit
from raceway_cli.show.why import print_why
from raceway_core.analysis import analyze_trace
from raceway_core.causality import Causality
from raceway_core.errors import Rejected
from raceway_core.event import Event, EventId, TraceId
from raceway_core.formats import raceway
from raceway_core.options import DEFAULTS

ROOT = Path(__file__).parents[3]
PAGES = sorted(ROOT.glob("docs/explanation/*.md"))
LEFT_OUT = "…"

_BLOCK = re.compile(r"```\w*\n\$ (raceway (?:analyze|why|audit) [^\n]+)\n(.*?)```", re.DOTALL)
_SHOWN = [
    pytest.param(line, output, id=f"{page.name}: {line}")
    for page in PAGES
    for line, output in _BLOCK.findall(page.read_text())
    if "examples/" in line or "analyze" not in line
]


@pytest.mark.parametrize(("line", "output"), _SHOWN)
def test_the_output_shown_is_the_real_one(
    line: str, output: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    _, verb, *arguments = shlex.split(line)
    real = {"analyze": _analyzed, "why": _why, "audit": _audit}[verb](arguments)
    lines = _lines(real or capsys.readouterr().out)
    place = 0
    for part in output.split(f"\n{LEFT_OUT}\n"):
        wanted = _lines(part)
        place = _find(wanted, lines, place)
        assert place >= 0, f"not printed: {wanted}"
        place += len(wanted)
    assert LEFT_OUT in output or place == len(lines)


def test_every_kind_of_command_is_shown() -> None:
    verbs = {line.split()[1] for line, _ in _BLOCK.findall("".join(page.read_text() for page in PAGES))}
    assert verbs == {"analyze", "why", "audit"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_table_of_contents_has_every_page(page: Path) -> None:
    contents = (ROOT / "docs" / "explanation" / "README.md").read_text()
    assert page.name == "README.md" or f"]({page.name})" in contents


def _analyzed(arguments: list[str]) -> str:
    try:
        return CliRunner().invoke(command, arguments, catch_exceptions=False).stdout
    except Rejected as error:
        return f"error: {error}"  # as `raceway_cli.main` prints it


def _why(arguments: list[str]) -> str:
    trace_id, first, second = arguments
    graph = VersionedGraph(TraceId(trace_id), 1, Causality(_traces()[TraceId(trace_id)], DEFAULTS))
    print_why(view_why(graph, EventId(first), EventId(second)))
    return ""


def _audit(arguments: list[str]) -> str:
    trace_id, variable = TraceId(arguments[0]), arguments[1]
    trails = analyze_trace(trace_id, _traces()[trace_id]).audit_trails
    items = [
        AuditTrailItem(variable=variable, scope=trail.scope, accesses=view_accesses(trail))
        for trail in trails
        if trail.variable == variable
    ]
    print_audit(AuditTrails(trace_id=trace_id, as_of=1, version=1, variable=variable, trails=items))
    return ""


@cache
def _traces() -> dict[TraceId, list[Event]]:
    """Return the events of all examples by trace; no two examples share one."""
    traces: dict[TraceId, list[Event]] = {}
    for path in ROOT.glob("examples/races/*.jsonl"):
        for event in raceway.read(path.read_bytes()):
            traces.setdefault(event.trace_id, []).append(event)
    return traces


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _find(wanted: list[str], lines: list[str], start: int) -> int:
    """Return where some lines stand among others, from `start` on; -1 if they do not."""
    places = range(start, len(lines) - len(wanted) + 1)
    return next((place for place in places if lines[place : place + len(wanted)] == wanted), -1)
