"""What ran an access: its thread, and its task where that has another name."""

from __future__ import annotations


def task_beside(thread_id: str, task: str) -> str:
    """Return the task to show next to a thread, nothing where it would say the same."""
    return "" if task == thread_id else task
