"""Notes on traces as sentences."""

from __future__ import annotations

from raceway_cli.show.finding import counted
from raceway_core.note import Note


def note_text(note: Note) -> str:
    """Return what was noted, how often, and what that means."""
    return f"{note.kind} × {note.count:,} in {counted(note.traces, 'trace')}: {note.meaning}"
