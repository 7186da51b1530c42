"""A file's report, and the questions that decide the exit status."""

from __future__ import annotations

import gc
import traceback

from raceway_core.errors import RacewayError, Rejected
from raceway_core.finding import Severity, Verdict
from raceway_core.finding_view import FindingView
from raceway_core.formats.detect import FORMATS, FileFormat, detect
from raceway_core.offline import analyze_events
from raceway_core.report import Report, report_of


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
        events = FORMATS[file_format].read(data)
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
    try:
        return report_of(
            analyze_events(events),
            file_format=file_format.value,
            has_time=FORMATS[file_format].has_time,
            with_hidden=with_hidden,
        )
    except RacewayError:
        raise
    except Exception as error:
        raise OwnFault(f"{name}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def is_at_least(finding: FindingView, level: str) -> bool:
    """Tell whether a finding is as strong as the named verdict, or as bad as the named severity."""
    if level in {verdict.value for verdict in Verdict}:
        return finding.verdict.rank <= Verdict(level).rank
    return finding.severity.rank <= Severity(level).rank
