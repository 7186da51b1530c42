"""A file's report, and the questions that decide the exit status."""

from __future__ import annotations

import gc
import traceback
from codecs import BOM_UTF8

from raceway_core.errors import RacewayError, Rejected
from raceway_core.finding import Severity, Verdict
from raceway_core.finding_view import FindingView
from raceway_core.formats.detect import FORMATS, FileFormat, detect
from raceway_core.formats.reading import with_clock
from raceway_core.offline import analyze_events
from raceway_core.report import Report, report_of


class OwnFault(Exception):
    """Raceway failed where it must not; the text is what to report."""


def report_file(
    data: bytes, name: str, format_name: str, *, pattern: str | None = None, with_hidden: bool = False
) -> Report:
    """Return the report of a file's bytes; `name` is the file's, for errors.

    `format_name` may be `auto`, and `pattern` says where the events of a ShiViz log are.

    Raises:
        Rejected: The file cannot be read; the message names it, the line and what was expected.
        OwnFault: A fault of ours.
    """
    data = data.removeprefix(BOM_UTF8)
    gc.disable()  # the events make no cycles, and looking for some takes longer than reading them
    try:
        file_format = _format_of(data, format_name, pattern)
        format_ = FORMATS[file_format]
        reading = format_.read(data, pattern)
        analysis = analyze_events(reading.events)
        report = report_of(
            analysis, file_format=file_format.value, has_time=format_.has_time, with_hidden=with_hidden
        )
        return with_clock(report, analysis, reading, format_)
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
    except RacewayError:
        raise
    except Exception as error:
        raise OwnFault(f"{name}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def _format_of(data: bytes, format_name: str, pattern: str | None) -> FileFormat:
    if format_name != "auto":
        return FileFormat(format_name)
    return detect(data) if pattern is None else FileFormat.SHIVIZ


def is_at_least(finding: FindingView, level: str) -> bool:
    """Tell whether a finding is as strong as the named verdict, or as bad as the named severity."""
    if level in {verdict.value for verdict in Verdict}:
        return finding.verdict.rank <= Verdict(level).rank
    return finding.severity.rank <= Severity(level).rank
