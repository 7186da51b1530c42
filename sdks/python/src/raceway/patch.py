"""Replacing functions of other modules, and putting them back."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeAlias

Function: TypeAlias = Callable[..., Any]  # what is replaced belongs to others: so do its types
Wrapper: TypeAlias = Callable[[Function], Function]


class Patches:
    """What was replaced. Undone in reverse order; a second patch of the same place is an error."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], None]] = []

    def wrap(self, owner: object, name: str, wrapper: Wrapper) -> None:
        """Replace the function `name` of a class or module by `wrapper(function)`; absent ones stay so."""
        original = getattr(owner, name, None)
        if callable(original):
            is_own = name in vars(owner)
            setattr(owner, name, wraps(original)(wrapper(original)))
            self._undo.append(lambda: setattr(owner, name, original) if is_own else delattr(owner, name))

    def replace(self, owner: object, name: str, replacement: object) -> None:
        """Replace what stands under `name`."""
        original = getattr(owner, name)
        setattr(owner, name, replacement)
        self._undo.append(lambda: setattr(owner, name, original))

    def on_undo(self, action: Callable[[], None]) -> None:
        """Do this, too, when the patches are undone."""
        self._undo.append(action)

    def undo(self) -> None:
        """Put everything back."""
        while self._undo:
            self._undo.pop()()
