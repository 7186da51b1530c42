"""A file's report, and the questions that decide the exit status."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Iterable

from raceway_cli.question import NamedNumber
from raceway_core.errors import RacewayError, Rejected
from raceway_core.finding import Severity, Verdict
from raceway_core.formats.detect import FORMATS, FileFormat, detect
from raceway_core.offline import analyze_events
from raceway_core.options import DEFAULTS, Change, Latency, Options
from raceway_core.report import Report, report_of


class OwnFault(Exception):
    """Raceway failed where it must not; the text is what to report."""


def report_file(
    data: bytes, name: str, format_name: str, *, with_hidden: bool, options: Options = DEFAULTS
) -> Report:
    """Return the report of a file's bytes; `name` is the file's, for errors.

    Raises:
        Rejected: The file cannot be read; the message names it, the line and what was expected.
        OwnFault: A fault of ours.
    """
    gc.disable()  # the events make no cycles, and looking for some takes longer than reading them
    try:
        file_format = detect(data) if format_name == "auto" else FileFormat(format_name)
        events = FORMATS[file_format].read(data)
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
    try:
        return report_of(
            analyze_events(events, options),
            file_format=file_format.value,
            has_time=FORMATS[file_format].has_time,
            with_hidden=with_hidden,
        )
    except RacewayError:
        raise
    except Exception as error:
        raise OwnFault(f"{name}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def asked(what_if: NamedNumber | None, slow: Iterable[NamedNumber]) -> Options:
    """Return the options that hold what was asked about operations."""
    return Options(
        latency=Latency(limits_ns={name: round(limit_ns) for name, limit_ns in slow}),
        change=None if what_if is None else Change(*what_if),
    )


def has_at_least(report: Report, level: str) -> bool:
    """Tell whether any finding or anomaly is as strong as the named verdict, or as bad as the severity.

    Anomalies have no verdict.
    """
    if level in {verdict.value for verdict in Verdict}:
        return any(finding.verdict.rank <= Verdict(level).rank for finding in report.findings)
    severities = [finding.severity for finding in report.findings]
    severities += [anomaly.severity for anomaly in report.anomalies or ()]
    return any(severity.rank <= Severity(level).rank for severity in severities)
