"""The tables of a block: what is known of each measure, and the equations between its cells.

Belongs here: laying rows out over cells, differences of vintages, which equations hold. Does not
belong here: what follows from them (structure), programs.

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
NOW = 0


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
