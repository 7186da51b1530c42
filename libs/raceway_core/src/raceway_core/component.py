"""Strongly connected components: where a cycle can be, and nowhere else.

Source: Tarjan 1972, here without recursion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_UNSEEN = -1


def components_of(successors: Sequence[Sequence[int]]) -> list[int]:
    """Return the component of each node; a component's number is above those that it leads to.

    Time: O(nodes + edges).
    """
    search = _Tarjan(successors)
    for node in range(len(successors)):
        if search.index[node] == _UNSEEN:
            if successors[node]:
                search.visit(node)
            else:
                search.settle(node)
    return search.component


def members_of(component: Sequence[int]) -> list[list[int]]:
    """Return the components of more than one node, each in order, by their first node."""
    members: dict[int, list[int]] = {}
    for node, number in enumerate(component):
        members.setdefault(number, []).append(node)
    return [nodes for nodes in members.values() if len(nodes) > 1]


class _Tarjan:
    def __init__(self, successors: Sequence[Sequence[int]]) -> None:
        size = len(successors)
        self._successors = successors
        self.index = [_UNSEEN] * size
        self.component = [_UNSEEN] * size
        self._low = [0] * size
        self._stack: list[int] = []
        self._entered = self._found = 0

    def visit(self, root: int) -> None:
        """Find the components that are reachable from `root` and not yet found."""
        index, low, component = self.index, self._low, self.component
        path = [(root, self._enter(root))]
        while path:
            node, rest = path[-1]
            for successor in rest:
                if index[successor] == _UNSEEN:
                    path.append((successor, self._enter(successor)))
                    break
                if component[successor] == _UNSEEN and index[successor] < low[node]:
                    low[node] = index[successor]
            else:
                path.pop()
                if low[node] == index[node]:
                    self._leave(node)
                elif path:
                    above = path[-1][0]
                    low[above] = min(low[above], low[node])

    def settle(self, node: int) -> None:
        """Note that a node which leads nowhere is a component of its own."""
        self.index[node] = self._entered
        self._entered += 1
        self.component[node] = self._found
        self._found += 1

    def _enter(self, node: int) -> Iterator[int]:
        self.index[node] = self._low[node] = self._entered
        self._entered += 1
        self._stack.append(node)
        return iter(self._successors[node])

    def _leave(self, node: int) -> None:
        member = _UNSEEN
        while member != node:
            member = self._stack.pop()
            self.component[member] = self._found
        self._found += 1
