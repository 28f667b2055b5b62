"""How the cells of one version add up, taken as a whole.

Belongs here: the order of equations, questions asked of all of them at once. Does not belong here:
which equations there are (cut), versions (places, history).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dagster_project.disclosure.block import Equation, Flags, Floats, Ints


class Breakdowns:
    """The equations of a tree as flat arrays, for questions asked of all of them."""

    def __init__(self, tree: Sequence[Equation]) -> None:
        """Lay them out."""
        self._parents = np.array([e.parent for e in tree], dtype=np.int64)
        self._children = np.array([c for e in tree for c in e.children], dtype=np.int64)
        self._of = np.repeat(np.arange(len(tree)), [len(e.children) for e in tree])

    def unknown(self, here: Flags, n: Ints | Floats) -> Flags:
        """Parts of a cell with somebody in it, none of which was asked for; shape (cells,)."""
        with_part = np.zeros(len(self._parents), dtype=bool)
        with_part[self._of[here[self._children]]] = True
        missing = (n[self._parents] > 0) & ~with_part
        flags = np.zeros(len(here), dtype=bool)
        flags[self._children[missing[self._of]]] = True
        return flags


def upwards(tree: Sequence[Equation]) -> list[Equation]:
    """Order the equations so that the parts of a total are summed before it is."""
    ways: dict[int, list[Equation]] = {}
    for equation in tree:
        ways.setdefault(equation.parent, []).append(equation)
    depth: dict[int, int] = {}

    def height(cell: int) -> int:
        if cell not in depth:
            below = [height(child) for e in ways.get(cell, ()) for child in e.children]
            depth[cell] = 1 + max(below, default=-1)
        return depth[cell]

    return sorted(tree, key=lambda equation: height(equation.parent))
