"""The report of files, without a server."""

from __future__ import annotations

import gc
import traceback
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from raceway_cli.event_files import EventFiles
from raceway_cli.inquiry import Question
from raceway_cli.progress import Progress, Silence
from raceway_core.errors import RacewayError, Rejected
from raceway_core.formats import history
from raceway_core.formats.reading import with_clock
from raceway_core.isolation.check import check
from raceway_core.offline import analyze_events
from raceway_core.offline_variable import find_variable
from raceway_core.report import Report, report_of, report_of_history

if TYPE_CHECKING:
    from raceway_cli.file_trail import Audited, FileTrail

Answer = TypeVar("Answer")


class OwnFault(Exception):
    """Raceway failed where it must not; the text is what to report."""


def report_files(files: Sequence[str], question: Question, progress: Progress | None = None) -> Report:
    """Return the report of files, `-` being standard input.

    Raises:
        Rejected: A file cannot be read; the message names it, the line and what was expected.
        OwnFault: A fault of ours.
    """
    return _answer(files, lambda: _report(files, question, progress or Silence()))


def trail_files(
    files: Sequence[str], question: Question, wanted: Audited, progress: Progress | None = None
) -> FileTrail:
    """Return the audit trail of a variable in files, `-` being standard input.

    Raises:
        Rejected: A file cannot be read, or nothing touches the variable; the message says what is near.
        OwnFault: A fault of ours.
    """
    return _answer(files, lambda: _trail(files, question, wanted, progress or Silence()))


def _answer(files: Sequence[str], work: Callable[[], Answer]) -> Answer:
    gc.disable()  # the events make no cycles, and looking for some takes longer than reading them
    try:
        return work()
    except RacewayError:
        raise
    except Exception as error:
        names = ", ".join(files)
        raise OwnFault(f"{names}: a fault of Raceway's own:\n{traceback.format_exc()}") from error


def _report(files: Sequence[str], question: Question, progress: Progress) -> Report:
    source = EventFiles(files, question, progress)
    analysis = analyze_events(
        source.events(), question.options, track=lambda traces: progress.track("analyzing", traces)
    )
    if source.history is not None:
        return _history(source.history, source.history_name)
    report = report_of(
        analysis,
        file_format=source.format_name,
        has_time=source.format.has_time,
        with_hidden=question.with_hidden,
    )
    return with_clock(report, analysis, source.reading, source.format)


def _trail(files: Sequence[str], question: Question, wanted: Audited, progress: Progress) -> FileTrail:
    # These load the API's views, which no report needs.
    from raceway_cli.file_trail import FileTrail, trail_in

    source = EventFiles(files, question, progress)
    found = find_variable(
        source.events(),
        wanted.name,
        question.options,
        track=lambda traces: progress.track("analyzing", traces),
    )
    if source.history is not None:
        raise Rejected(f"{source.history_name}: a history has keys of transactions, and no variables")
    return FileTrail(trail_in(found, wanted), source.format.has_time)


def _history(data: bytes, name: str) -> Report:
    try:
        return report_of_history(check(history.read(data)))
    except Rejected as error:
        raise Rejected(f"{name}: {error}") from error
