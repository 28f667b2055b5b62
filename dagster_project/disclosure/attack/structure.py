"""The equations between the hidden cells of one measure, and what follows without a program.

Belongs here: the equations as a sparse matrix, their solutions by elimination, bounds that follow
from one equation at a time, connected parts. Does not belong here: which equations hold (tables),
programs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.disclosure.attack.layout import BIG, CLOSE, Flags, Floats, Ints
from dagster_project.disclosure.attack.tables import Equations, Measured

ROUNDS = 40
TINY = 1e-9
"""Coefficients that differ less are equal: they are small fractions."""
MISFIT = 1e-5
"""Share of a figure by which more than rounding misses an equation."""


class ContradictionError(Exception):
    """The figures contradict each other."""


@dataclass(frozen=True)
class Structure:
    """The equations of a measure: `sum(coef * x[col]) = -sum(fixed_coef * value[fixed_at])`.

    Entries are sorted by row. `place` gives the variable of a hidden cell, -1 where there is none;
    `cells` is its inverse. `fixed_at` are known cells. `empty` marks rows without variables, which
    only can be right or wrong.
    """

    place: Ints
    cells: Ints
    row: Ints
    col: Ints
    coef: Floats
    fixed_row: Ints
    fixed_at: Ints
    fixed_coef: Floats
    empty: Flags

    @property
    def variables(self) -> int:
        """Number of hidden cells."""
        return len(self.cells)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.empty)

    def right_sides(self, values: Floats) -> Floats:
        """Return the right side of every row, for each table (row) of `values`."""
        known = values[:, self.fixed_at] * self.fixed_coef
        right = np.zeros((len(values), self.rows))
        for table, part in enumerate(known):
            right[table] = -np.bincount(self.fixed_row, part, minlength=self.rows)
        return right


def structure_of(measured: Measured, equations: Equations) -> Structure:
    """Give numbers to the hidden cells and to the equations that hold."""
    unknown = measured.unknown
    place = np.where(unknown, np.cumsum(unknown) - 1, -1)
    number = np.cumsum(measured.valid) - 1
    kept = measured.valid[equations.row]
    row, cell, sign = number[equations.row[kept]], equations.cell[kept], equations.sign[kept]
    free = place[cell] >= 0
    rows = int(measured.valid.sum())
    return Structure(
        place,
        np.flatnonzero(unknown),
        row[free],
        place[cell[free]],
        sign[free],
        row[~free],
        cell[~free],
        sign[~free],
        np.bincount(row[free], minlength=rows) == 0,
    )


class Kernel:
    """All solutions of the equations of a structure: `particular(right) + columns @ t`, any t.

    `columns` has a row per variable. A combination of hidden cells follows linearly from what is
    published if it is orthogonal to every column.
    """

    def __init__(self, structure: Structure) -> None:
        matrix = np.zeros((structure.rows, structure.variables))
        np.add.at(matrix, (structure.row, structure.col), structure.coef)
        self._matrix = matrix
        self._rows, self._cols = _pivots(matrix.copy())
        self._inverse = np.linalg.inv(matrix[np.ix_(self._rows, self._cols)])
        free = np.ones(structure.variables, dtype=bool)
        free[self._cols] = False
        self.columns = np.eye(structure.variables)[:, free]
        self.columns[self._cols] = -self._inverse @ matrix[np.ix_(self._rows, np.flatnonzero(free))]
        whole = np.round(self.columns)
        near = np.abs(self.columns - whole) < TINY
        self.columns[near] = whole[near]

    def particular(self, right: Floats) -> Floats:
        """Return one solution; there is none if a row is missed by more than rounding.

        Raises:
            ContradictionError: the equations have no solution.

        """
        solution = np.zeros(len(self.columns))
        solution[self._cols] = self._inverse @ right[self._rows]
        missed = np.abs(self._matrix @ solution - right).max(initial=0.0)
        if missed > MISFIT * (1.0 + np.abs(right).max(initial=0.0)):
            raise ContradictionError
        return solution

    def multipliers(self, combination: Floats) -> Floats:
        """Return what each equation counts in a combination of variables that follows from them."""
        found = np.zeros(len(self._matrix))
        found[self._rows] = combination[self._cols] @ self._inverse
        return found


def _pivots(matrix: Floats) -> tuple[Ints, Ints]:
    """Rows and columns of a largest regular part of a matrix, by elimination."""
    rows, cols = [], []
    for col in range(matrix.shape[1]):
        entries = np.flatnonzero(np.abs(matrix[:, col]) > TINY)
        if not len(entries):
            continue
        pivot, others = entries[0], entries[1:]
        if len(others):
            factors = matrix[others, col] / matrix[pivot, col]
            matrix[others] -= factors[:, None] * matrix[pivot]
        matrix[pivot] = 0.0
        rows.append(pivot)
        cols.append(col)
    return np.array(rows, dtype=np.int64), np.array(cols, dtype=np.int64)


class Propagation:
    """Tightens bounds of the variables of one structure, for any right sides."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self._rows = np.flatnonzero(~structure.empty)
        self._of_entry = np.searchsorted(self._rows, structure.row)
        self._starts = np.searchsorted(structure.row, self._rows)
        self._by_col = np.argsort(structure.col, kind="stable")
        cols = structure.col[self._by_col]
        self._cols, self._col_starts = np.unique(cols, return_index=True)
        self._positive = structure.coef > 0

    def tighten(
        self, right: Floats, low: Floats, high: Floats, whole: Flags
    ) -> tuple[Floats, Floats]:
        """Narrow `low` and `high` until no equation on its own says more.

        All arrays have one row per table; `whole` has one entry per table.

        Raises:
            ContradictionError: no values lie between the bounds.

        """
        room = CLOSE * (1.0 + np.abs(right).max(axis=1, initial=0.0))[:, None]
        if (np.abs(right[:, self.structure.empty]) > room).any():
            raise ContradictionError
        if not len(self._rows):
            return low, high
        whole = whole[:, None]
        for _ in range(ROUNDS):
            floor, ceiling = self._implied(right, low, high)
            new_low, new_high = low.copy(), high.copy()
            new_low[:, self._cols] = np.maximum(low[:, self._cols], floor)
            new_high[:, self._cols] = np.minimum(high[:, self._cols], ceiling)
            new_low = np.where(whole, np.ceil(new_low - room), new_low)
            new_high = np.where(whole, np.floor(new_high + room), new_high)
            if (new_low > new_high + room).any():
                raise ContradictionError
            new_low = np.minimum(new_low, new_high)
            moved = (new_low > low + room).any() or (new_high < high - room).any()
            low, high = new_low, new_high
            if not moved:
                break
        return low, np.where(high > BIG / 10, BIG, high)

    def _implied(self, right: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Bounds of each variable by the best of its equations."""
        s, entry, positive = self.structure, self._of_entry, self._positive
        at_low, at_high = s.coef * low[:, s.col], s.coef * high[:, s.col]
        least, most = np.where(positive, at_low, at_high), np.where(positive, at_high, at_low)
        right = right[:, self._rows]
        over = (right - np.add.reduceat(least, self._starts, axis=1))[:, entry] + least
        under = (right - np.add.reduceat(most, self._starts, axis=1))[:, entry] + most
        # all coefficients are 1 or -1
        floor, ceiling = np.where(positive, under, -over), np.where(positive, over, -under)
        return (
            np.maximum.reduceat(floor[:, self._by_col], self._col_starts, axis=1),
            np.minimum.reduceat(ceiling[:, self._by_col], self._col_starts, axis=1),
        )


def connected(structure: Structure, free: Flags) -> Ints:
    """Give a number to each connected part of the free variables; -1 to the others."""
    labels = np.where(free, np.arange(len(free)), len(free))
    inside: Flags = free[structure.col]
    row, col = structure.row[inside], structure.col[inside]
    if not len(row):
        return np.where(free, labels, -1)
    starts = np.flatnonzero(np.diff(row, prepend=-1))
    spread = np.diff([*starts, len(row)])
    while True:
        least = np.repeat(np.minimum.reduceat(labels[col], starts), spread)
        new = labels.copy()
        np.minimum.at(new, col, least)
        new[free] = new[new[free]]
        if np.array_equal(new, labels):
            return np.where(free, labels, -1)
        labels = new
