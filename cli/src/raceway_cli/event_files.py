"""Files of events as one set of events: a trace may have its spans in the files of several services.

Files are opened one after another, and forgotten once read. Of formats in which an event is named by
its line, and of histories, there is one file at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from raceway_cli.input import opened, unpacked
from raceway_cli.inquiry import Question
from raceway_cli.progress import Progress
from raceway_core.errors import Rejected
from raceway_core.event import Event
from raceway_core.formats.detect import FORMATS, HEAD_BYTES, FileFormat, detect
from raceway_core.formats.reading import Format, Read, Reading
from raceway_core.formats.text import Text


class EventFiles:
    """The files, and once they are read, what their formats are and what else was read."""

    def __init__(self, files: Sequence[str], question: Question, progress: Progress) -> None:
        self._files = files
        self._question = question
        self._progress = progress
        self._readers: dict[FileFormat, Read] = {}
        self.history: bytes | None = None
        self.history_name = ""
        self.reading = Reading(())

    @property
    def format_name(self) -> str:
        """The formats of files of events, joined by `+`."""
        return "+".join(sorted(format_.value for format_ in self._readers))

    @property
    def format(self) -> Format:
        """What the files can tell; where there are several formats, they tell the same."""
        return FORMATS[next(iter(self._readers))]

    def events(self) -> Iterator[Event]:
        """Read the events of all files; a history has none and is kept as it is.

        Raises:
            Rejected: A file cannot be read; the message names it, the line and what was expected.
        """
        for file in self._files:
            with opened(file) as stored:
                try:
                    pieces = self._progress.counted(f"reading {stored.name}", stored.size, stored.pieces)
                    yield from self._events(stored.name, Text(unpacked(pieces)))
                except Rejected as error:
                    raise Rejected(f"{stored.name}: {error}") from error

    def _events(self, name: str, text: Text) -> Iterator[Event]:
        file_format = self._format_of(text)
        if len(self._files) > 1 and not is_shared(file_format):
            raise Rejected(
                f"a file of the format {file_format.value} is analyzed alone; of those given together"
                " each must be raceway, otlp or jaeger"
            )
        if file_format is FileFormat.HISTORY:
            self.history, self.history_name = text.rest(), name
            return
        read = self._readers.get(file_format)
        if read is None:
            read = self._readers[file_format] = FORMATS[file_format].reader(self._question.pattern)
        self.reading = read(text)
        yield from self.reading.events

    def _format_of(self, text: Text) -> FileFormat:
        if self._question.format_name != "auto":
            return FileFormat(self._question.format_name)
        return FileFormat.SHIVIZ if self._question.pattern is not None else detect(text.head(HEAD_BYTES))


def is_shared(file_format: FileFormat) -> bool:
    """Tell whether files of a format can be analyzed together, with one another and with others."""
    return file_format in FORMATS and FORMATS[file_format].has_time
