"""A file's report, and the questions that decide the exit status."""

from __future__ import annotations

import gc
import traceback
from codecs import BOM_UTF8
from collections.abc import Iterable
from typing import NamedTuple

from raceway_cli.question import NamedNumber
from raceway_core.errors import RacewayError, Rejected
from raceway_core.finding import Severity, Verdict
from raceway_core.formats import history
from raceway_core.formats.detect import FORMATS, FileFormat, detect
from raceway_core.formats.reading import with_clock
from raceway_core.isolation.check import check
from raceway_core.offline import analyze_events
from raceway_core.options import DEFAULTS, Change, Latency, Options
from raceway_core.report import Report, report_of, report_of_history


class OwnFault(Exception):
    """Raceway failed where it must not; the text is what to report."""


class Question(NamedTuple):
    """How to read a file, and what to tell of it.

    `format_name` may be `auto`, and `pattern` says where the events of a ShiViz log are.
    """

    format_name: str = "auto"
    pattern: str | None = None
    options: Options = DEFAULTS
    with_hidden: bool = False


def report_file(data: bytes, name: str, question: Question) -> Report:
    """Return the report of a file's bytes; `name` is the file's, for errors.

    Raises:
        Rejected: The file cannot be read; the message names it, the line and what was expected.
        OwnFault: A fault of ours.
    """
    data = data.removeprefix(BOM_UTF8)
    gc.disable()  # the events make no cycles, and looking for some takes longer than reading them
    try:
        file_format = _format_of(data, question)
        if file_format is FileFormat.HISTORY:
            return report_of_history(check(history.read(data)))
        return _report_events(data, file_format, question)
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
    except RacewayError:
        raise
    except Exception as error:
        raise OwnFault(f"{name}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def _report_events(data: bytes, file_format: FileFormat, question: Question) -> Report:
    format_ = FORMATS[file_format]
    reading = format_.read(data, question.pattern)
    analysis = analyze_events(reading.events, question.options)
    report = report_of(
        analysis, file_format=file_format.value, has_time=format_.has_time, with_hidden=question.with_hidden
    )
    return with_clock(report, analysis, reading, format_)


def _format_of(data: bytes, question: Question) -> FileFormat:
    if question.format_name != "auto":
        return FileFormat(question.format_name)
    return detect(data) if question.pattern is None else FileFormat.SHIVIZ


def asked(what_if: NamedNumber | None, slow: Iterable[NamedNumber]) -> Options:
    """Return the options that hold what was asked about operations."""
    return Options(
        latency=Latency(limits_ns={name: round(limit_ns) for name, limit_ns in slow}),
        change=None if what_if is None else Change(*what_if),
    )


def has_at_least(report: Report, level: str) -> bool:
    """Tell whether any finding or anomaly is as strong as the named verdict, or as bad as the severity.

    Latency anomalies have no verdict. Anomalies of isolation are proofs, and always bad enough.
    """
    if report.isolation and report.isolation.anomalies:
        return True
    findings = report.findings or ()
    if level in {verdict.value for verdict in Verdict}:
        return any(finding.verdict.rank <= Verdict(level).rank for finding in findings)
    severities = [finding.severity for finding in findings]
    severities += [anomaly.severity for anomaly in report.anomalies or ()]
    return any(severity.rank <= Severity(level).rank for severity in severities)
