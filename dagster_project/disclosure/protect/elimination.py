"""Exact linear algebra: what follows from the published cells by adding and subtracting.

Belongs here: cells as vectors, and the changes to a table that no published cell shows. Does not
belong here: bounds, searching unions (unions), the choice of what to hide.

The figure of a cell is the sum of the figures of its *leaves*, the cells that are no total. So a
table is a vector of leaves, and the changes that leave all published cells as they are form a
linear space. A hidden cell, or any sum of hidden cells, follows exactly from the published ones if
none of these changes moves it. That depends on the pattern alone, not on the figures, so n, sums of
scores and sums of squares stand or fall together.

`Tableau` keeps a basis of that space and swaps cells in and out of it, as the simplex method does,
so that publishing a cell and hiding it again cost one step of elimination each. Its entries are
whole numbers, mostly -1, 0 and 1; should they ever become large, they are kept as Python's
unbounded integers, so that the result is exact.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.protect.blocks import Equations, Flags, Ints
from dagster_project.disclosure.protect.unions import Search, Union

LARGE = 2**30
"""Entries up to here can be multiplied and subtracted in 64 bits."""

Undo = tuple[int, int, Ints, npt.NDArray[Any]]
"""A swap: the row, the cell that left the basis, the rows it changed and what they were."""


@dataclass(frozen=True)
class Step:
    """A cell that was published; `moved` are those that may have become known, shape (cells,)."""

    cell: int
    undo: Undo | None
    moved: Flags


def vectors(size: int, equations: Equations, empty: Flags) -> tuple[Ints, Ints, Ints]:
    """Write each cell in terms of its leaves.

    Args:
        size: number of cells.
        equations: how they add up.
        empty: cells that are known to be 0, shape (size,).

    Returns:
        The cells that are leaves, shape (leaves,); vectors of the cells, shape (size, leaves); and
        the combinations of leaves that are 0 because a cell is the sum of its parts in more than
        one way, shape (k, leaves).

    """
    ways: dict[int, list[Ints]] = {}
    for parent, children in equations:
        ways.setdefault(parent, []).append(children)
    leaves = np.array([c for c in range(size) if c not in ways and not empty[c]], dtype=np.int64)
    matrix = np.zeros((size, len(leaves)), dtype=np.int64)
    matrix[leaves, np.arange(len(leaves))] = 1
    for cell in _from_the_leaves_up({cell: found[0].tolist() for cell, found in ways.items()}):
        matrix[cell] = matrix[ways[cell][0]].sum(axis=0)
    ties = [
        difference
        for cell, alternatives in ways.items()
        for children in alternatives[1:]
        if (difference := matrix[children].sum(axis=0) - matrix[cell]).any()
    ]
    ties = list({difference.tobytes(): difference for difference in ties}.values())
    return leaves, matrix, np.array(ties, dtype=np.int64).reshape(len(ties), len(leaves))


def _from_the_leaves_up(parts: dict[int, list[int]]) -> Iterable[int]:
    """Order the totals so that the parts of each come before it."""
    done: dict[int, None] = {}
    for start in parts:
        stack = [start]
        while stack:
            cell = stack[-1]
            waiting = [c for c in parts[cell] if c in parts and c not in done]
            if cell in done or not waiting:
                done[stack.pop()] = None
            else:
                stack.extend(waiting)
    return done


class Tableau:
    """What the published cells leave open.

    `changes`, shape (rank, cells): each row is a change to the table that moves the cell `basis` of
    that row and no other cell of the basis. The rows of `open` move no published cell: they span
    all changes that keep what is published; the others are kept so that a cell can be hidden again.

    For the search of unions, basis cells of open rows are leaves, and as far as possible leaves
    that can be part of a light union (`light`): open rows of other leaves move no light leaf
    outside the basis. So a combination of published cells that is zero on all other hidden leaves
    is one of the equations of light leaves outside the basis alone.
    """

    def __init__(
        self, leaves: Ints, matrix: Ints, ties: Ints, *, people: Ints, light: Flags, min_n: int
    ) -> None:
        """Start with nothing published.

        Args:
            leaves: the cells that are no total, shape (leaves,).
            matrix: all cells in terms of leaves, shape (cells, leaves).
            ties: combinations of leaves that are 0, shape (k, leaves).
            people: respondents of every cell by measure, shape (measures, cells).
            light: leaves that can be part of a light union, shape (cells,).
            min_n: unions of 1 to min_n - 1 respondents are light; at most 1 to search for none.

        """
        size = len(matrix)
        self.size = size
        self.is_leaf = np.zeros(size, dtype=bool)
        self.is_leaf[leaves] = True
        self.light = light & self.is_leaf
        self.published = np.zeros(size, dtype=bool)
        self._people, self._min_n = people, min_n
        self.changes: npt.NDArray[Any] = np.concatenate([matrix.T, ties.T], axis=1)
        self.basis = leaves.copy()
        self.open = np.ones(len(leaves), dtype=bool)
        for tie in range(size, size + len(ties)):
            row = self._row_to_close(tie)
            if row is not None:
                self._swap(row, tie)
                self.open[row] = False
        # ties hold for good: no change that breaks one is ever looked at
        self.changes = np.ascontiguousarray(self.changes[self.open][:, :size])
        self.basis, self.open = self.basis[self.open], self.open[self.open]

    @classmethod
    def plain(cls, equations: Equations, empty: Flags) -> Tableau:
        """Start with nothing published, and look for no unions."""
        size = equations.size
        leaves, matrix, ties = vectors(size, equations, empty)
        people, light = np.zeros((1, size), dtype=np.int64), np.zeros(size, dtype=bool)
        return cls(leaves, matrix, ties, people=people, light=light, min_n=1)

    def copy(self) -> Tableau:
        """Copy the state, to go on from it in another way."""
        other = object.__new__(Tableau)
        other.__dict__.update(self.__dict__)
        for name in ("changes", "basis", "open", "published"):
            setattr(other, name, getattr(self, name).copy())
        return other

    def recount(self, people: Ints, light: Flags) -> None:
        """Count others in unions from now on: `people` and `light` as in the constructor."""
        self._people, self.light = people, light & self.is_leaf
        for row in np.flatnonzero(self.open):
            self._prefer_light(int(row))

    def known(self) -> Flags:
        """Which cells follow from the published ones, shape (cells,)."""
        return np.asarray(~(self.changes[self.open] != 0).any(axis=0))

    def directions(self) -> npt.NDArray[Any]:
        """Return a basis of the changes that keep what is published, shape (k, cells)."""
        return np.asarray(self.changes[self.open])

    def is_known(self, cells: Ints | int) -> bool:
        """Whether the sum of some cells follows from the published ones."""
        return not self._effect(cells)[self.open].any()

    def told_by(self, cells: Ints | int) -> Ints:
        """Return the published cells of the basis from which the sum of some cells follows."""
        return np.asarray(self.basis[~self.open & (self._effect(cells) != 0)])

    def _effect(self, cells: Ints | int) -> npt.NDArray[Any]:
        """How much each row moves the sum of some cells, shape (rank,)."""
        return np.asarray(self.changes[:, np.atleast_1d(cells)].sum(axis=1))

    def offer(self, cell: int, targets: Flags) -> Step | None:
        """Publish a cell unless that makes a target known, or a light union.

        Args:
            cell: the cell.
            targets: cells that must not become known, shape (cells,).

        Returns:
            The step, which can be taken back as long as it is the last; None if the cell is not
            published.

        """
        row = self._row_to_close(cell)
        if row is None:
            self.published[cell] = True
            return Step(cell, None, np.zeros(self.size, dtype=bool))
        moved = self.changes[row] != 0
        if targets[cell] or self._loses(row, cell, np.flatnonzero(moved & targets)):
            return None
        searched = self._min_n > 1 and self.light[self.basis[row]]
        step = Step(cell, self._swap(row, cell), moved)
        self.open[row] = False
        self.published[cell] = True
        if searched and self.find_union(moved) is not None:
            self.take_back(step)
            return None
        return step

    def take_back(self, step: Step) -> None:
        """Undo the last step."""
        self.published[step.cell] = False
        if step.undo is not None:
            row, cell, rows, before = step.undo
            self.basis[row] = cell
            self.open[row] = True
            self.changes[rows] = before

    def tell(self, cell: int) -> None:
        """Publish a cell whatever it makes known."""
        row = self._row_to_close(cell)
        if row is not None:
            self._swap(row, cell)
            self.open[row] = False
        self.published[cell] = True

    def hide(self, cell: int) -> None:
        """Take a published cell back; it is still known if others tell it."""
        self.published[cell] = False
        at = np.flatnonzero((self.basis == cell) & ~self.open)
        if not len(at):
            return
        row = int(at[0])
        others = self.published & (self.changes[row] != 0)
        if others.any():
            self._swap(row, int(np.argmax(others)))
            return
        self.open[row] = True
        if not self._prefer_light(row) and not self.is_leaf[cell]:
            self._swap(row, int(np.argmax(self.is_leaf & (self.changes[row] != 0))))

    def find_union(self, through: Flags | None = None) -> Union | None:
        """Find hidden leaves, too few people together, whose sum follows from what is published.

        Args:
            through: look for unions with at least one of these leaves only, shape (cells,).

        Returns:
            The leaves; `Union.UNSURE` if the search ran into its limit; None if there are none.

        """
        rows = np.flatnonzero(self.open & self.light[self.basis])
        free = np.asarray(self.basis[rows])
        moved = (self.changes[rows] != 0).any(axis=0) if len(rows) else np.zeros(self.size, bool)
        moved[free] = False
        tied = np.flatnonzero(moved & self.light)
        if not len(tied):
            return None
        search = Search(
            np.asarray(self.changes[np.ix_(rows, tied)], dtype=np.int64),
            np.asarray(self.changes[rows, free], dtype=np.int64),
            self._people[:, tied],
            self._people[:, free],
            self._min_n,
        )
        wanted = None if through is None else (through[tied], through[free])
        return search.lightest(tied, free, wanted)

    def _row_to_close(self, cell: int) -> int | None:
        """Choose the open row that goes when a cell is published; None if it is known already."""
        rows = np.flatnonzero(self.open & (self.changes[:, cell] != 0))
        if not len(rows):
            return None
        light = self.light[self.basis[rows]]
        if light.any() and not light.all():
            rows = rows[~light]
        if len(rows) == 1:
            return int(rows[0])
        filled = (self.changes[rows] != 0).sum(axis=1)
        unit = np.abs(self.changes[rows, cell]) == 1
        return int(rows[np.argmin(filled + np.where(unit, 0, self.size))])

    def _loses(self, row: int, cell: int, targets: Ints) -> bool:
        """Whether one of these targets becomes known if a cell closes a row."""
        if not len(targets):
            return False
        closing, others = self.changes[row], self.open.copy()
        others[row] = False
        after = self.changes[:, targets] * closing[cell]
        after -= self.changes[:, [cell]] * closing[targets]
        return not (after[others] != 0).any(axis=0).all()

    def _prefer_light(self, row: int) -> bool:
        """Let an open row move a light leaf of the basis, if it moves one; say if it does."""
        if self.light[self.basis[row]]:
            return True
        there = self.light & (self.changes[row] != 0)
        if not there.any():
            return False
        self._swap(row, int(np.argmax(there)))
        return True

    def _swap(self, row: int, cell: int) -> Undo:
        """Put a cell in the place of the basis cell of a row, which moves it."""
        changes = self.changes
        column = changes[:, cell]
        rows = np.flatnonzero(column)
        rows = rows[rows != row]
        undo = (row, int(self.basis[row]), rows, changes[rows])
        self.basis[row] = cell
        if len(rows):
            times, unit = column[rows], changes[row, cell]
            if abs(unit) == 1:
                changed = undo[3] - (times * unit)[:, None] * changes[row]
            else:
                changed = undo[3] * unit - times[:, None] * changes[row]
                changed //= np.gcd.reduce(changed, axis=1)[:, None]
            changes[rows] = changed
            if changes.dtype != object and max(changed.max(), -changed.min()) > LARGE:
                self.changes = changes.astype(object)
        return undo
