"""The tables of a block: what is known of each measure, and the equations between what is hidden.

Belongs here: laying rows out over cells, differences of vintages, the equations as a sparse matrix,
and bounds that follow from one equation at a time. Does not belong here: programs.

All tables of a measure are nonnegative and obey the same equations: the number of respondents, and
one table per class of scores. n is the sum of the classes, the total of scores their sum weighted
with the score of each (in a weighted study, sums of weights instead of respondents). The classes of
a distribution are its answers, and where respondents give several of them, also the numbers of
those who did not give each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from dagster_project.disclosure.attack.blocks import (
    BOUNDED,
    CLASSES,
    Block,
    Catalogue,
    Measure,
    Rows,
)
from dagster_project.disclosure.attack.layout import (
    BASE,
    BIG,
    CLOSE,
    INVITED,
    Flags,
    Floats,
    Ints,
)

N, TOP, BOTTOM, PLUS, MINUS = (
    CLASSES.index(name) for name in ("n", "top", "bottom", "plus", "minus")
)
ROUNDS = 40
NOW = 0
TINY = 1e-9
"""Coefficients that differ less are equal: they are small fractions."""
MISFIT = 1e-5
"""Share of a figure by which more than rounding misses an equation."""


class ContradictionError(Exception):
    """The figures contradict each other."""


@dataclass(frozen=True)
class Equations:
    """`sign[i] * cell[i]` summed over the entries of a row is 0; the parent has sign -1.

    Entries are sorted by row; `parent` has one cell per row.
    """

    row: Ints
    cell: Ints
    sign: Floats
    parent: Ints

    def any_in(self, cells: Flags, *, parts: bool = False) -> Flags:
        """Whether each row has one of these cells (among its parts only)."""
        inside = cells[self.cell] & ((self.sign > 0) if parts else True)
        return np.bincount(self.row[inside], minlength=len(self.parent)) > 0


@dataclass(frozen=True)
class Measured:
    """One measure of a vintage, or of the difference of two; arrays by cell of the block.

    `values` has the tables as rows, n first, then one per class: 0 where nobody is and NaN where
    hidden; `whole` says which are counts and `scores` has the score of each class. `known` cells
    are published, or have no row and are therefore empty; `present` cells have a row; cells outside
    `scope` may not have been published at all. `valid` says which equations hold. `least` is the
    fewest respondents that the existence of rows shows. `told` has the lowest and the highest
    values that hidden rows tell of themselves, NaN where they tell nothing; None if none does.
    """

    number: int
    measure: Measure
    scores: tuple[float, ...]
    whole: tuple[bool, ...]
    values: Floats
    present: Flags
    known: Flags
    scope: Flags
    valid: Flags
    least: Floats
    told: tuple[Floats, Floats] | None = None

    def bounds(self) -> tuple[Floats, Floats]:
        """Return what is known of each table (rows) and cell before any equation is used."""
        low, high = np.zeros_like(self.values), np.full_like(self.values, BIG)
        low[0] = self.least
        if self.told is not None:
            low, high = (
                np.where(np.isnan(told), known, told)
                for told, known in zip(self.told, (low, high), strict=True)
            )
        return low, high

    @property
    def unknown(self) -> Flags:
        """Cells whose figures are to be worked out."""
        return self.scope & ~self.known

    @property
    def fingerprint(self) -> bytes:
        """Equal if the equations between hidden cells are."""
        return np.packbits(np.concatenate([self.known, self.scope, self.valid])).tobytes()


def equations_of(block: Block, catalogue: Catalogue) -> Equations:
    """Every equation between cells of the block: parent = sum of the children that exist."""
    digits = catalogue.digits(block.keys)
    rows, cells, signs, parents = [], [], [], [np.empty(0, np.int64)]
    count = 0
    for node in catalogue.nodes.get(block.table, ()):
        at = np.flatnonzero(digits[node.dimension] == node.parent)
        if not len(at):
            continue
        stride = catalogue.strides[node.dimension]
        wanted = block.keys[at][:, None] + (node.children - node.parent)[None, :] * stride
        place = np.minimum(np.searchsorted(block.keys, wanted), len(block.keys) - 1)
        row, child = np.nonzero(block.keys[place] == wanted)
        rows += [row + count, np.arange(len(at)) + count]
        cells += [place[row, child], at]
        signs += [np.ones(len(row)), -np.ones(len(at))]
        parents.append(at)
        count += len(at)
    if not rows:
        return Equations(parents[0], parents[0], np.empty(0), parents[0])
    order = np.argsort(np.concatenate(rows), kind="stable")
    return Equations(
        np.concatenate(rows)[order],
        np.concatenate(cells)[order],
        np.concatenate(signs)[order],
        np.concatenate(parents),
    )


def measured_in(
    block: Block, catalogue: Catalogue, equations: Equations
) -> dict[int, list[Measured]]:
    """Every measure of each vintage of the block; the number of respondents is the first."""
    times = catalogue.digits(block.keys)[catalogue.layout.dimensions.index(catalogue.layout.time)]
    kinds = catalogue.kind_of(block.keys)
    found: dict[int, list[Measured]] = {vintage: [] for vintage in block.vintages}
    for number in np.unique(np.concatenate([rows.measure for rows in block.vintages.values()])):
        measure = catalogue.measures[number]
        parts = {v: rows.only(rows.measure == number) for v, rows in block.vintages.items()}
        classes = _classes(measure, [rows for rows in parts.values() if len(rows.cell)])
        for vintage, rows in parts.items():
            if not len(rows.cell):
                continue
            scope = np.isin(times, times[block.vintages[vintage].cell])
            found[vintage].append(_measured(int(number), measure, rows, classes, scope))
    for vintage, measures in found.items():
        found[vintage] = []
        for one in _with_base(measures, block.table):
            asked = np.isin(one.number * block.span + kinds, block.asked[vintage])
            found[vintage].append(replace(one, valid=_valid(one, equations, asked)))
    return found


Classes = tuple[list[tuple[int, int]], tuple[float, ...], tuple[bool, ...]]


def _measured(
    number: int, measure: Measure, rows: Rows, classes: Classes, scope: Flags
) -> Measured:
    columns, scores, whole = classes
    size = len(scope)
    present, hidden = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    values = np.zeros((1 + len(columns), size))
    bare = rows.only(rows.answer == -1)
    present[bare.cell], hidden[bare.cell] = True, bare.hidden
    values[0, bare.cell] = bare.values[:, N]
    for table, (answer, column) in enumerate(columns, start=1):
        part = bare if answer == -1 else rows.only(rows.answer == answer)
        values[table, part.cell] = part.values[:, column]
    values = np.nan_to_num(values)
    values[:, hidden] = np.nan
    counts = np.array(whole)
    tidy = np.where(np.abs(values - np.round(values)) < CLOSE, np.round(values), values)
    values[counts] = tidy[counts]
    return Measured(
        number,
        measure,
        scores,
        whole,
        values,
        present,
        scope & ~hidden,
        scope,
        scope,
        np.zeros(size),
        _told(bare.only(bare.hidden), columns, size),
    )


def _told(rows: Rows, columns: list[tuple[int, int]], size: int) -> tuple[Floats, Floats] | None:
    """Lay out what hidden rows tell of themselves: a row per table, n first."""
    if np.isnan(rows.low).all() and np.isnan(rows.high).all():
        return None
    low, high = (np.full((1 + len(columns), size), np.nan) for _ in range(2))
    names = [CLASSES[column] for _, column in columns]
    for table, name in enumerate(["n", *names]):
        if name in BOUNDED:
            low[table, rows.cell] = rows.low[:, BOUNDED.index(name)]
            high[table, rows.cell] = rows.high[:, BOUNDED.index(name)]
    return low, high


def _with_base(measures: list[Measured], table: str) -> list[Measured]:
    """Put the respondents first; a cell that only other tables have a row of is hidden there."""
    others = [one for one in measures if one.measure.name != BASE]
    if not measures:
        return []
    scope, size = measures[0].scope, len(measures[0].scope)
    listed = np.zeros(size, dtype=bool)
    for other in others:
        if other.measure.name != INVITED:
            listed |= other.present
    none = np.zeros(size, dtype=bool)
    respondents = Measure(table, BASE, "count", 0.0, 1.0, weighted=False)
    empty = Measured(
        -1, respondents, (), (True,), np.zeros((1, size)), none, scope, scope, scope, np.zeros(size)
    )
    base = next((one for one in measures if one.measure.name == BASE), empty)
    unnamed = listed & ~base.present
    return [
        replace(
            base,
            values=np.where(unnamed, np.nan, base.values),
            present=base.present | unnamed,
            known=base.known & ~unnamed,
            least=(listed & base.scope).astype(float),
        ),
        *others,
    ]


def _valid(measured: Measured, equations: Equations, asked: Flags) -> Flags:
    """Say which equations hold.

    An equation holds if its parent and at least one of its parts have a row: a measure may be asked
    of totals only. A parent without a row where the measure is asked is known to be empty; that is
    used only where no part of it is published.
    """
    present = measured.present & measured.scope
    parent = present[equations.parent]
    somebody = measured.values[0] > 0
    if measured.told is not None:
        somebody |= measured.told[0][0] > 0
    shown = equations.any_in(somebody, parts=True)
    empty = asked[equations.parent] & ~parent & ~shown
    with_parts = equations.any_in(present, parts=True)
    valid: Flags = (parent | empty) & with_parts & measured.scope[equations.parent]
    return valid


def _classes(measure: Measure, vintages: list[Rows]) -> Classes:
    """(answer, column) of each class table, the score of each class, and which tables are counts.

    Falls back on fewer classes where a published row lacks what they need.
    """
    values = np.concatenate([rows.values[~rows.hidden] for rows in vintages])
    answers = np.concatenate([rows.answer[~rows.hidden] for rows in vintages])
    if measure.kind == "count":
        return [], (), (True,)
    if measure.kind == "distribution":
        if np.isnan(values[answers >= 0, TOP]).any():
            return [], (), (True,)
        columns = [(answer, TOP) for answer in range(len(measure.answers))]
        if not measure.single:
            columns += [(answer, BOTTOM) for answer in range(len(measure.answers))]
        given = values[answers >= 0][:, [TOP]]
        return columns, (1.0,) * len(columns), _whole(measure, given, columns)
    if measure.kind == "net" and not np.isnan(values[:, PLUS]).any():
        columns = [(-1, column) for column in range(PLUS, MINUS + 1)]
        scores: tuple[float, ...] = (measure.high, 0.0, measure.low)
    else:
        columns = [(-1, TOP), (-1, BOTTOM)]
        scores = (measure.high, measure.low)
    if measure.kind == "mean":
        return columns, scores, (True, False, False)
    return columns, scores, _whole(measure, values[:, [column for _, column in columns]], columns)


def _whole(measure: Measure, values: Floats, columns: list[tuple[int, int]]) -> tuple[bool, ...]:
    counts = not measure.weighted and bool((np.abs(values - np.round(values)) < CLOSE).all())
    return (True, *(counts,) * len(columns))


def difference_of(after: Measured, before: Measured, equations: Equations) -> Measured:
    """Return what came to each cell between two vintages, known where both are."""
    scope = after.scope & before.scope
    known = scope & after.known & before.known
    new = (after.least > 0) & before.known & (np.nan_to_num(before.values[0]) == 0)
    return replace(
        after,
        values=np.where(known, after.values - before.values, np.where(scope, np.nan, 0.0)),
        present=(after.present | before.present) & scope,
        known=known,
        scope=scope,
        valid=after.valid & before.valid & ~equations.any_in(~scope),
        least=(new & scope).astype(float),
        told=None,
    )


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
