"""A file's report, and the questions that decide the exit status."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable

from raceway_core.errors import RacewayError, Rejected
from raceway_core.finding import Severity, Verdict
from raceway_core.finding_view import FindingView
from raceway_core.formats import history
from raceway_core.formats.detect import FORMATS, FileFormat, detect
from raceway_core.isolation.check import check
from raceway_core.offline import analyze_events
from raceway_core.report import Report, report_of, report_of_history


class OwnFault(Exception):
    """Raceway failed where it must not; the text is what to report."""


def report_file(data: bytes, name: str, format_name: str, *, with_hidden: bool) -> Report:
    """Return the report of a file's bytes; `name` is the file's, for errors.

    Raises:
        Rejected: The file cannot be read; the message names it, the line and what was expected.
        OwnFault: A fault of ours.
    """
    gc.disable()  # the events make no cycles, and looking for some takes longer than reading them
    try:
        file_format = detect(data) if format_name == "auto" else FileFormat(format_name)
        analysis = _analysis(data, file_format, with_hidden=with_hidden)
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
    try:
        return analysis()
    except RacewayError:
        raise
    except Exception as error:
        raise OwnFault(f"{name}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def _analysis(data: bytes, file_format: FileFormat, *, with_hidden: bool) -> Callable[[], Report]:
    """Read a file, and return what is to be done with it."""
    if file_format is FileFormat.HISTORY:
        given = history.read(data)
        return lambda: report_of_history(check(given))
    form = FORMATS[file_format]
    events = form.read(data)
    return lambda: report_of(
        analyze_events(events), file_format=file_format.value, has_time=form.has_time, with_hidden=with_hidden
    )


def is_reached(report: Report, level: str) -> bool:
    """Tell whether a report holds something at or above a verdict or severity. Anomalies are proofs."""
    if report.isolation and report.isolation.anomalies:
        return True
    return any(is_at_least(finding, level) for finding in report.findings or ())


def is_at_least(finding: FindingView, level: str) -> bool:
    """Tell whether a finding is as strong as the named verdict, or as bad as the named severity."""
    if level in {verdict.value for verdict in Verdict}:
        return finding.verdict.rank <= Verdict(level).rank
    return finding.severity.rank <= Severity(level).rank
