"""Reads off what a searched block has come to: one row per hidden figure.

Belongs here: intervals of n, totals, means and changes from those of tables. Does not belong here:
searching, or the words for how a figure follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.attack.campaign import Posed
from dagster_project.disclosure.attack.catalogue import Flags, Floats, Ints
from dagster_project.disclosure.attack.means import sum_range, total_range
from dagster_project.disclosure.attack.names import BIG, CLOSE, FIGURES
from dagster_project.disclosure.attack.search import has_own_count, seen_bounds, seen_means

N, TOTAL, MEAN, CHANGE_N, CHANGE_TOTAL = range(len(FIGURES))


@dataclass
class Columns:
    """Columns of intervals of one block, in parts; texts go by row number."""

    parts: list[dict[str, npt.NDArray[Any]]] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    rows: int = 0

    def add(self, **columns: npt.NDArray[Any] | int) -> None:
        """Add rows; a single number is repeated."""
        size = max(len(c) for c in columns.values() if isinstance(c, np.ndarray))
        full = {
            name: c if isinstance(c, np.ndarray) else np.full(size, c)
            for name, c in columns.items()
        }
        self.parts.append(full)
        self.rows += size

    def joined(self) -> dict[str, npt.NDArray[Any]]:
        """Put the parts under one another."""
        if not self.parts:
            return {}
        return {n: np.concatenate([part[n] for part in self.parts]) for n in self.parts[0]}


@dataclass(frozen=True)
class Range:
    """Bounds of one figure in several cells: proven (or reached, if not `complete`) and exact."""

    low: Floats
    high: Floats
    exact: Flags
    complete: Flags

    def at(self, variables: Ints) -> Range:
        """Return the same for some variables."""
        return Range(
            self.low[variables],
            self.high[variables],
            self.exact[variables],
            self.complete[variables],
        )


def read_off(posed: list[Posed], keys: Ints, assumption: int, columns: Columns) -> None:
    """Add the intervals of every hidden figure of the block to `columns`."""
    floor, floor_of_change = floors_of(posed[0])
    for one in posed:
        reader = _Reader(columns, one, n_range(posed[0], one), class_ranges(one), assumption)
        if one is not posed[0]:
            floor, floor_of_change = np.zeros_like(floor), np.zeros_like(floor_of_change)
        for row, release in enumerate(one.view.releases):
            hidden = one.measured.hidden[release] & (one.structure.place[row] >= 0)
            cells = np.flatnonzero(hidden)
            reader.cells(keys[cells], one.structure.place[row, cells], release, floor[row, cells])
            changed = np.flatnonzero(one.structure.change[row] >= 0)
            below = floor_of_change[row, changed]
            reader.changes(keys[changed], one.structure.change[row, changed], release, below)


@dataclass(frozen=True)
class _Reader:
    """Reads off one measure; `n` and `sums` have the bounds of every variable of its tables."""

    columns: Columns
    one: Posed
    n: Range
    sums: list[Range]
    assumption: int

    def cells(self, keys: Ints, variables: Ints, release: int, floor: Floats) -> None:
        """Add n, total and mean of hidden cells."""
        self._add(keys, self.n.at(variables), N, release, floor=floor)
        measure = self.one.measured.measure
        if measure.kind == "distribution":
            for answer, part in enumerate(self.sums[: len(measure.answers)]):
                self._add(keys, part.at(variables), TOTAL, release, answer=answer)
            return
        if not self.sums:
            return
        low, high = seen_means(self.one, variables)
        complete = np.all([part.complete[variables] for part in self.sums], axis=0)
        narrow = high - low <= CLOSE * (measure.high - measure.low)
        # with one class left that can have anybody, everybody has that score
        alone = (self.one.high[1:, variables] > CLOSE).sum(axis=0) <= 1
        mean = Range(low, high, (complete | alone) & narrow, complete | alone)
        self._add(keys, mean, MEAN, release)
        total = total_of(self.one, self.sums).at(variables)
        if not measure.weighted:
            total = _by_mean(total, mean, self.n.at(variables))
        self._add(keys, total, TOTAL, release)

    def changes(self, keys: Ints, variables: Ints, release: int, floor: Floats) -> None:
        """Add the changes of cells hidden now or then."""
        self._add(keys, self.n.at(variables), CHANGE_N, release, floor=floor)
        if self.sums and self.one.measured.measure.kind != "distribution":
            total = total_of(self.one, self.sums).at(variables)
            self._add(keys, total, CHANGE_TOTAL, release)

    def _add(
        self,
        keys: Ints,
        part: Range,
        figure: int,
        release: int,
        *,
        answer: int = -1,
        floor: Floats | None = None,
    ) -> None:
        if len(keys) == 0:
            return
        self.columns.add(
            key=keys,
            measure=self.one.measured.number,
            answer=answer,
            figure=figure,
            release=-release,
            assumption=self.assumption,
            low=np.where(part.low < -BIG / 10, -np.inf, part.low) + 0.0,
            high=np.where(part.high > BIG / 10, np.inf, part.high) + 0.0,
            exact=part.exact,
            complete=part.complete,
            floor=np.zeros(len(keys)) if floor is None else floor,
        )


def _by_mean(total: Range, mean: Range, n: Range) -> Range:
    """Narrow the total, which is n times the mean, where n itself is limited."""
    low = np.where(mean.low >= 0, n.low, n.high) * mean.low
    high = np.where(mean.high >= 0, n.high, n.low) * mean.high
    exact = total.exact | (n.exact & mean.exact)
    low, high = np.maximum(total.low, low), np.minimum(total.high, high)
    low, high = np.where(total.exact, total.low, low), np.where(total.exact, total.high, high)
    return Range(low, high, exact, total.complete)


def floors_of(base: Posed) -> tuple[Floats, Floats]:
    """Return the fewest respondents that rows alone show, in cells and in their changes.

    One is in each cell that has any row of figures, and came to each that has its first. No choice
    of what to hide can make an interval reach below that. Both by (release, cell).
    """
    rows = list(base.view.releases)
    present = base.measured.present[rows] & (base.values[:, 0] != 0)
    view = replace(base.view, known=base.view.scope & ~present)
    structure, propagation = base.workshop.structure(view)
    place, change = structure.place, structure.change
    low = np.zeros(structure.variables)
    low[place[place >= 0]] = base.somebody[place >= 0]
    high = np.full(structure.variables, BIG)
    if not view.only_added:
        low[change[change >= 0]] = -BIG
    right = structure.right_side(np.where(present, np.nan, base.values[:, 0]))
    low, _ = propagation.tighten(right, low, high, whole=True)
    laid = np.zeros(present.shape), np.zeros(present.shape)
    for figures, variables in zip(laid, (place, change), strict=True):
        figures[variables >= 0] = low[variables[variables >= 0]]
    return laid


def class_ranges(one: Posed) -> list[Range]:
    """Bounds of each class table, by variable."""
    if len(one.low) == 1:
        return []
    low, high = seen_bounds(one)
    found = []
    for table in range(1, len(one.low)):
        explorer = one.explorers.get(table)
        width = one.high[table] - one.low[table]
        exact = width <= CLOSE * (1.0 + np.abs(one.low[table]))
        proven = np.logical_and(*explorer.proven()) if explorer else np.ones(len(exact), dtype=bool)
        found.append(Range(low[table - 1], high[table - 1], exact, proven))
    return found


def n_range(base: Posed, one: Posed) -> Range:
    """Bounds of n: of its own table, and of the sum of its classes."""
    low, high = one.low[0], one.high[0]
    explorer = one.explorers.get(0)
    proven = np.zeros(len(low), dtype=bool)
    if explorer is not None:
        low, high = explorer.reported()
        proven = np.logical_and(*explorer.proven())
        low, high = np.where(proven, one.low[0], low), np.where(proven, one.high[0], high)
    exact = one.high[0] - one.low[0] <= CLOSE
    classes = class_ranges(one)
    measure = one.measured.measure
    if not classes or measure.weighted or (measure.kind == "distribution" and not measure.single):
        return Range(low, high, exact, proven | exact)
    below, above = sum_range(*seen_bounds(one))
    whole = np.ceil(below - CLOSE), np.floor(above + CLOSE)
    complete = np.all([part.complete for part in classes], axis=0)
    if has_own_count(base, one):
        # what solutions of the classes have not reached yet says nothing against n
        narrowed = np.maximum(low, whole[0]), np.minimum(high, whole[1])
        possible = ~exact & (narrowed[0] <= narrowed[1])
        low = np.where(possible, narrowed[0], low)
        high = np.where(possible, narrowed[1], high)
        complete = complete & proven
    else:
        low, high = np.maximum(one.low[0], whole[0]), np.minimum(one.high[0], whole[1])
    exact = exact | np.all([part.exact for part in classes], axis=0)
    exact |= complete & (high - low <= CLOSE)
    return Range(np.minimum(low, high), high, exact, complete | exact)


def total_of(one: Posed, sums: list[Range]) -> Range:
    """Bounds of the total of scores: of the classes together, each with its score."""
    low = np.stack([part.low for part in sums])
    high = np.stack([part.high for part in sums])
    counted = [
        part for part, score in zip(sums, one.measured.scores, strict=True) if abs(score) > CLOSE
    ]
    exact = np.all([part.exact for part in counted], axis=0)
    complete = np.all([part.complete for part in counted], axis=0)
    return Range(*total_range(one.measured.scores, low, high), exact, complete)
