"""Changes to a table that no published cell shows, and how far one can go along them.

Belongs here: single changes, without programs. Does not belong here: where they come from
(elimination), what combinations of them allow (bounds).

Each change is a table of small whole numbers, mostly zeros, so they are kept as triplets. Going
along one of them until a figure meets its bound gives a table that agrees with everything
published, for the price of a division; most of what has to be shown of intervals is shown so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.protect.blocks import Flags, Floats, Ints
from dagster_project.disclosure.protect.rules import SLACK


@dataclass(frozen=True)
class Changes:
    """Changes as triplets, sorted by `row`: change `row` moves `figure` by `size`, never by 0."""

    row: Ints
    figure: Ints
    size: Floats

    @classmethod
    def of(cls, dense: npt.NDArray[Any]) -> Changes:
        """Take changes apart, shape (changes, figures)."""
        row, figure = np.nonzero(dense)
        return cls(row, figure, dense[row, figure].astype(float))

    def select(self, rows: Flags) -> Changes:
        """Keep some of the changes, shape (changes,)."""
        kept = rows[self.row]
        row = np.cumsum(rows)[self.row[kept]] - 1
        return Changes(row, self.figure[kept], self.size[kept])

    def beside(self, other: Changes) -> Changes:
        """Add the figures of other changes to those of the same row."""
        row = np.concatenate([self.row, other.row])
        order = np.argsort(row, kind="stable")
        figure = np.concatenate([self.figure, other.figure])[order]
        return Changes(row[order], figure, np.concatenate([self.size, other.size])[order])

    def and_then(self, other: Changes) -> Changes:
        """Append other changes."""
        row = np.concatenate([self.row, other.row + self.count])
        figure = np.concatenate([self.figure, other.figure])
        return Changes(row, figure, np.concatenate([self.size, other.size]))

    @property
    def count(self) -> int:
        """How many changes there are."""
        return int(self.row[-1]) + 1 if len(self.row) else 0

    def dense(self, figures: int) -> Floats:
        """Lay the changes out, shape (changes, figures)."""
        made = np.zeros((self.count, figures))
        made[self.row, self.figure] = self.size
        return made

    def steps(self, down: Floats, up: Floats, reach: Floats | None, *, whole: bool) -> Floats:
        """Find how far to go along each change, forwards and (negative) backwards.

        Args:
            down: how much less each figure can be, shape (figures,).
            up: how much more, shape (figures,).
            reach: go no further than it takes to move each figure by this much; None: as far as
                possible, but no further than the largest figure.
            whole: whether figures are whole numbers.

        Returns:
            The steps, shape (changes, 2).

        """
        if not len(self.row):
            return np.zeros((0, 2))
        starts = np.flatnonzero(np.diff(self.row, prepend=-1))
        size, rises = np.abs(self.size), self.size > 0
        more, less = up[self.figure], down[self.figure]
        room = np.stack([np.where(rises, more, less), np.where(rises, less, more)]) / size
        steps = np.minimum.reduceat(room, starts, axis=1)
        if reach is not None:
            needed = np.maximum.reduceat(reach[self.figure] / size, starts)
            steps = np.minimum(steps, np.maximum(1.0, np.ceil(needed - SLACK)))
        elif np.isinf(steps).any():
            steps = np.minimum(steps, 1.0 + down.max(initial=0.0))
        if whole:
            steps = np.floor(steps + SLACK)
        return np.asarray(steps.T * np.array([1.0, -1.0]))

    def reached(self, steps: Floats, figures: int) -> tuple[Floats, Floats]:
        """Return the most by which steps lower and raise each figure, shapes (figures,)."""
        lower, higher = np.zeros(figures), np.zeros(figures)
        for step in steps.T:
            moved = step[self.row] * self.size
            np.minimum.at(lower, self.figure, moved)
            np.maximum.at(higher, self.figure, moved)
        return lower, higher
