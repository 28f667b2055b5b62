"""Reads off what a search has come to: one row per hidden figure.

Belongs here: intervals of n, totals and means from those of tables. Does not belong here:
searching, or the words for how a figure follows.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dagster_project.disclosure.attack.layout import BIG, CLOSE, Flags, Floats, Ints
from dagster_project.disclosure.attack.search import (
    MEAN,
    TOTAL,
    N,
    Posed,
    has_own_count,
    means_within,
    seen_bounds,
    seen_means,
    total_range,
)

Columns = dict[str, npt.NDArray[Any]]
Term = tuple[float, tuple[str, ...]]
"""A factor and the cell that it counts for."""


@dataclass(frozen=True)
class Range:
    """Bounds of one figure in several cells: proven (or reached, if not `complete`) and exact."""

    low: Floats
    high: Floats
    exact: Flags
    complete: Flags


@dataclass
class Intervals:
    """Intervals of one block, in parts of equal columns; `texts` and `terms` go by row number."""

    keys: Ints
    parts: list[Columns] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    terms: dict[int, list[Term]] = field(default_factory=dict)
    rows: int = 0

    def read_off(
        self, posed: list[Posed], vintage: int, since: int = -1, *, within: float = 0.0
    ) -> list[tuple[int, int, int]]:
        """Add the intervals of every hidden figure.

        Args:
            posed: the measures, the respondents first.
            vintage: which they are of.
            since: for a difference, the vintage that was subtracted; else -1.
            within: bounds of n that are at most this far apart count as exact here.

        Returns:
            (position in `posed`, row, cell) of each figure that is exact, and not 0.

        """
        exact: list[tuple[int, int, int]] = []
        for place, one in enumerate(posed):
            floor = floors_of(one) if one is posed[0] else np.zeros(one.structure.variables)
            of_one = {"measure": one.measured.number, "vintage": vintage, "since": since}
            for answer, figure, part in _figures(posed[0], one):
                cells = one.structure.cells
                close = (within > 0) & (figure == N) & (part.high - part.low <= within)
                near = part.exact | close
                for at in np.flatnonzero(near & (np.abs(part.high) > CLOSE)):
                    exact.append((place, self.rows + int(at), int(cells[at])))
                of_one |= {"answer": answer, "figure": figure}
                self._add(part, floor * (figure == N), cell=cells, **of_one)
        return exact

    def _add(self, part: Range, floor: Floats, **columns: npt.NDArray[Any] | int) -> None:
        size = len(part.low)
        if not size:
            return
        full = {name: np.broadcast_to(np.asarray(c), (size,)) for name, c in columns.items()}
        full |= {
            "key": self.keys[full["cell"]],
            "low": np.where(part.low < -BIG / 10, -np.inf, part.low) + 0.0,
            "high": np.where(part.high > BIG / 10, np.inf, part.high) + 0.0,
            "exact": part.exact,
            "complete": part.complete,
            "floor": floor,
        }
        self.parts.append(full)
        self.rows += size

    def joined(self) -> Columns:
        """Put the parts under one another."""
        if not self.parts:
            return {}
        return {name: np.concatenate([p[name] for p in self.parts]) for name in self.parts[0]}


def _figures(base: Posed, one: Posed) -> list[tuple[int, int, Range]]:
    """(answer, figure, range) of all hidden cells of a measure."""
    n, classes, measure = n_range(base, one), class_ranges(one), one.measured.measure
    found = [(-1, N, n)]
    if measure.kind == "distribution":
        answers = enumerate(classes[: len(measure.answers)])
        return [*found, *((answer, TOTAL, part) for answer, part in answers)]
    if not classes:
        return found
    low, high = seen_means(one, np.arange(one.structure.variables))
    least, most = means_within(one, one.low[1:], one.high[1:])
    low, high = np.where(low > high, least, low), np.where(low > high, most, high)
    complete = np.all([part.complete for part in classes], axis=0)
    narrow = high - low <= CLOSE * (measure.high - measure.low)
    # with one class left that can have anybody, everybody has that score
    alone = (one.high[1:] > CLOSE).sum(axis=0) <= 1
    mean = Range(low, high, (complete | alone) & narrow, complete | alone)
    total = _total(one, classes)
    if not measure.weighted:
        total = _by_mean(total, mean, n)
    return [*found, (-1, MEAN, mean), (-1, TOTAL, total)]


def _by_mean(total: Range, mean: Range, n: Range) -> Range:
    """Narrow the total, which is n times the mean, where n itself is limited."""
    low = np.where(mean.low >= 0, n.low, n.high) * mean.low
    high = np.where(mean.high >= 0, n.high, n.low) * mean.high
    exact = total.exact | (n.exact & mean.exact)
    low, high = np.maximum(total.low, low), np.minimum(total.high, high)
    low, high = np.where(total.exact, total.low, low), np.where(total.exact, total.high, high)
    return Range(low, high, exact, total.complete)


def floors_of(base: Posed) -> Floats:
    """Return the fewest respondents that rows alone show, by hidden cell.

    One is in each cell that has any row of figures. No choice of what to hide can make an interval
    reach below that.
    """
    measured = base.measured
    listed = measured.present & (measured.values[0] != 0)
    bare = replace(
        measured,
        known=measured.scope & ~listed,
        values=np.where(listed, np.nan, measured.values),
    )
    posed = Posed(bare, base.workshop)
    posed.tighten()
    return np.asarray(posed.spread(posed.low[0], 0)[base.structure.cells])


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
    seen = [part.sum(axis=0) for part in seen_bounds(one)]
    whole = np.ceil(seen[0] - CLOSE), np.floor(seen[1] + CLOSE)
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


def _total(one: Posed, classes: list[Range]) -> Range:
    """Bounds of the total of scores: of the classes together, each with its score."""
    low = np.stack([part.low for part in classes])
    high = np.stack([part.high for part in classes])
    counted = [
        part for part, score in zip(classes, one.measured.scores, strict=True) if abs(score) > CLOSE
    ]
    exact = np.all([part.exact for part in counted], axis=0)
    complete = np.all([part.complete for part in counted], axis=0)
    return Range(*total_range(one.measured.scores, low, high), exact, complete)
