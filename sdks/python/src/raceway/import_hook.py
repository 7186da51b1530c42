"""Doing something to a module right after it is imported, whenever that will be.

Source: PEP 451 (finders, specs and loaders).
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TypeAlias

from raceway.record import report

Action: TypeAlias = Callable[[ModuleType], None]


def when_imported(actions: Mapping[str, Action]) -> Callable[[], None]:
    """Run each action on the module of its name: now if it is imported, else once it is.

    Returns:
        A function that forgets the actions still to come.
    """
    waiting: dict[str, Action] = {}
    for name, action in actions.items():
        module = sys.modules.get(name)
        if module is None:
            waiting[name] = action
        else:
            _act(action, module)
    finder = _Finder(waiting)
    sys.meta_path.insert(0, finder)
    return lambda: sys.meta_path.remove(finder) if finder in sys.meta_path else None


def _act(action: Action, module: ModuleType) -> None:
    try:
        action(module)
    except Exception:  # noqa: BLE001 -- the SDK boundary: an unknown version of a framework is no reason to fail
        report(f"{module.__name__}'s requests")


class _Finder(MetaPathFinder):
    def __init__(self, waiting: dict[str, Action]) -> None:
        self._waiting = waiting

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        action = self._waiting.pop(fullname, None)
        if action is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, action)
        return spec


class _Loader(Loader):
    """The module's own loader, and the action after it."""

    def __init__(self, loader: Loader, action: Action) -> None:
        self._loader = loader
        self._action = action

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        _act(self._action, module)

    def __getattr__(self, name: str) -> object:
        return getattr(self._loader, name)
