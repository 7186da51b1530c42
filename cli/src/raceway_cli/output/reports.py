"""The reports for other programs that were asked for on the command line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import NamedTuple

from raceway_cli.output.destination import write
from raceway_cli.output.junit import junit_report
from raceway_cli.output.sarif import sarif_log
from raceway_cli.reported.item import Item


class Reports(NamedTuple):
    """Where each report goes, or None; `files` are those that were analyzed."""

    sarif: str | None
    junit: str | None
    files: Sequence[str] = ()

    def write(
        self, items: Sequence[Item], *, failing: Collection[str], known: Collection[str] | None = None
    ) -> None:
        """Write them. `failing` and `known` are fingerprints, the latter those of a baseline if there is one.

        Raises:
            Rejected: A file cannot be written; the message names it.
        """
        if self.sarif is not None:
            write(self.sarif, sarif_log(items, project=Path.cwd(), files=self.files, known=known))
        if self.junit is not None:
            write(self.junit, junit_report(items, failing=failing, known=known or ()))
