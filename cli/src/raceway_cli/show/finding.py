"""One finding as a person reads it: what happened, both accesses, what is missing, the fix."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Sequence

import click
import msgspec

from raceway_cli.show.moment import moment_text
from raceway_cli.show.runner import task_beside
from raceway_core.event import AccessType
from raceway_core.finding import FindingKind, Severity, Verdict
from raceway_core.finding_view import AccessView, ExampleView, FindingView

_COLOURS = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
_INDENT, _LABEL_WIDTH = 4, 14
_LEAST_WIDTH, _ENDLESS = 40, 100_000
_MOST_VALUE = 60
_MOST_COMPONENTS = 8
_NO_TIME = "0"
_EPOCH = "1970-01-01T00:00:00.000000000"


def finding_text(finding: FindingView, *, examples: int = 1) -> str:
    """Return the finding with its first `examples` examples, styled for a terminal."""
    parts = [_title(finding), f"  {finding.summary}", ""]
    for example in finding.examples[:examples]:
        parts.extend(_example_lines(example, finding.kind))
    parts.append(_row("missing", finding.missing_edge))
    parts.append(_row("fix", finding.fix))
    parts.append(_row("seen", _extent(finding)))
    return "\n".join(parts)


def findings_text(findings: Sequence[FindingView]) -> str:
    """Return all findings, or a sentence that says there are none."""
    if not findings:
        return click.style("no findings", fg="green")
    return "\n\n".join(finding_text(finding) for finding in findings)


def counted(number: int, noun: str) -> str:
    """Return `number` with its noun, in the plural unless it is 1."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _title(finding: FindingView) -> str:
    kind = finding.kind.value.replace("-", " ")
    mark = click.style(f"{finding.verdict.value.upper()} {kind}", fg=_COLOURS[finding.severity], bold=True)
    variable = click.style(finding.variable, bold=True)
    return f"{mark}  {variable}  [{finding.severity.value}]  {finding.fingerprint}"


def _example_lines(example: ExampleView, kind: FindingKind) -> Iterator[str]:
    is_deadlock = kind is FindingKind.DEADLOCK
    pair = (example.first, example.second)
    for access in (*pair, *example.witness) if is_deadlock else (*example.witness, *pair):
        what = _request(access) if is_deadlock else _touch(access)
        yield f"    {what}  at {access.location or 'an unknown place'}"
        yield from _access_lines(access)
        yield ""
    if example.ancestor is not None or not is_deadlock:
        yield _row("both follow", _ancestor(example))


def _ancestor(example: ExampleView) -> str:
    if example.ancestor is not None:
        return moment_text(example.ancestor)
    if example.first.trace_id != example.second.trace_id:
        return "nothing: no cause joins their two traces"
    return "nothing: no event of the trace is before both"


def _request(access: AccessView) -> str:
    return f"{click.style('locks', bold=True)}  {access.variable}"


def _touch(access: AccessView) -> str:
    return f"{click.style(_verb(access.access_type), bold=True)}  {_change(access)}{_version(access)}"


def _access_lines(access: AccessView) -> Iterator[str]:
    yield _row("thread", _thread(access))
    if task := task_beside(access.thread_id, access.task):
        yield _row("task", task)
    if access.time_ns != _NO_TIME:
        yield _row("when", access.timestamp)
    yield _row("locks held", ", ".join(f"{lock.id} ({lock.mode.value})" for lock in access.lockset) or "none")
    yield _row("clock", _clock(access.clock))
    yield _row("event", f"{access.event_id} in trace {access.trace_id}")


def _thread(access: AccessView) -> str:
    where = f" of {access.service}, process {access.process_id}" if access.service else ""
    return f"{access.thread_id or 'unknown'}{where}"


def _row(label: str, text: str) -> str:
    """Return a labelled text, folded on a terminal; elsewhere a line stays a line, for grep."""
    indent = " " * (_INDENT + _LABEL_WIDTH)
    columns = shutil.get_terminal_size((_ENDLESS, 0)).columns
    lines = textwrap.wrap(text, max(columns - len(indent), _LEAST_WIDTH), break_long_words=False)
    start = f"{' ' * _INDENT}{click.style(label.ljust(_LABEL_WIDTH), dim=True)}"
    return start + f"\n{indent}".join(lines)


def _verb(access_type: AccessType) -> str:
    return {AccessType.READ: "read ", AccessType.WRITE: "write"}.get(access_type, access_type.value)


def _change(access: AccessView) -> str:
    if not access.access_type.writes:
        value = access.old_value if access.new_value is None else access.new_value
        return f"{access.variable} = {_value(value)}"
    return f"{access.variable}: {_value(access.old_value)} → {_value(access.new_value)}"


def _value(value: object) -> str:
    text = msgspec.json.encode(value).decode() if value is not None else "?"
    return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}…"


def _version(access: AccessView) -> str:
    return "" if access.version is None else f" (version {access.version})"


def _clock(clock: Sequence[tuple[str, int]]) -> str:
    shown = ", ".join(f"{component}: {count}" for component, count in clock[:_MOST_COMPONENTS])
    more = f", … {len(clock) - _MOST_COMPONENTS} more" if len(clock) > _MOST_COMPONENTS else ""
    return f"{{{shown}{more}}}" if clock else "none: the trace is too large to show clocks"


def _extent(finding: FindingView) -> str:
    counts = finding.pairs_by_verdict
    others = ", ".join(
        f"{counts.of(verdict)} {verdict.value}"
        for verdict in Verdict
        if verdict is not finding.verdict and counts.of(verdict)
    )
    rest = f" (besides {others})" if others else ""
    last = "" if finding.last_seen.startswith(_EPOCH) else f", last at {finding.last_seen}"
    noun = "deadlock" if finding.kind is FindingKind.DEADLOCK else "pair"
    return f"{counted(finding.pairs, noun)} in {counted(finding.traces, 'trace')}{last}{rest}"
