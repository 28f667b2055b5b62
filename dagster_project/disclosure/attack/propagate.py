"""Bounds that follow from one equation at a time.

Belongs here: interval propagation. Does not belong here: what several equations say together.
"""

from __future__ import annotations

import numpy as np

from dagster_project.disclosure.attack.catalogue import Flags, Floats, Ints
from dagster_project.disclosure.attack.names import BIG, CLOSE
from dagster_project.disclosure.attack.structure import Structure

ROUNDS = 40


class ContradictionError(Exception):
    """The figures contradict each other under what the attacker takes for granted."""


class Propagation:
    """Tightens bounds of the variables of one structure, for any right side."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        filled = np.flatnonzero(~structure.empty)
        self._rows = filled
        self._starts = np.searchsorted(structure.row, filled)
        self._by_col = np.argsort(structure.col, kind="stable")
        cols = structure.col[self._by_col]
        self._cols, self._col_starts = np.unique(cols, return_index=True)
        self._positive = structure.coef > 0

    def check(self, right: Floats, tolerance: float) -> None:
        """Raise unless the rows without variables are right."""
        structure = self.structure
        left = -right[structure.empty]
        wrong = np.where(structure.equal[structure.empty], np.abs(left), -left) > tolerance
        if wrong.any():
            raise ContradictionError

    def tighten(
        self, right: Floats, low: Floats, high: Floats, *, whole: bool
    ) -> tuple[Floats, Floats]:
        """Narrow `low` and `high` until no equation on its own says more.

        Raises:
            ContradictionError: no values lie between the bounds.

        """
        tolerance = CLOSE * (1.0 + np.abs(right).max(initial=0.0))
        self.check(right, tolerance)
        if not len(self._rows):
            return low, high
        for _ in range(ROUNDS):
            floor, ceiling = self._implied(right, low, high)
            new_low, new_high = low.copy(), high.copy()
            new_low[self._cols] = np.maximum(low[self._cols], floor)
            new_high[self._cols] = np.minimum(high[self._cols], ceiling)
            if whole:
                new_low = np.ceil(new_low - tolerance)
                new_high = np.floor(new_high + tolerance)
            if (new_low > new_high + tolerance).any():
                raise ContradictionError
            crossed = new_low > new_high
            new_low[crossed] = new_high[crossed]
            moved = (new_low > low + tolerance).any() or (new_high < high - tolerance).any()
            low, high = new_low, new_high
            if not moved:
                break
        return low, np.where(high > BIG / 10, BIG, high)

    def _implied(self, right: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        """Bounds of each variable by the best of its equations."""
        s = self.structure
        least = np.where(self._positive, s.coef * low[s.col], s.coef * high[s.col])
        most = np.where(self._positive, s.coef * high[s.col], s.coef * low[s.col])
        sums = np.zeros(s.rows), np.zeros(s.rows)
        sums[0][self._rows] = np.add.reduceat(least, self._starts)
        sums[1][self._rows] = np.add.reduceat(most, self._starts)
        # a row that is only a lower bound says nothing about how large its terms may be
        upper = np.where(s.equal, right, np.inf)
        at_most = upper[s.row] - (sums[0][s.row] - least)
        at_least = right[s.row] - (sums[1][s.row] - most)
        floor = np.where(self._positive, at_least, at_most / s.coef)
        ceiling = np.where(self._positive, at_most, at_least / s.coef)
        return (
            np.maximum.reduceat(floor[self._by_col], self._col_starts),
            np.minimum.reduceat(ceiling[self._by_col], self._col_starts),
        )


def connected(structure: Structure, low: Floats, high: Floats) -> Ints:
    """Give a number to each connected part of a table; -1 to what is already fixed."""
    free = high - low > CLOSE
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
