"""Lays the figures of a block out over its cells: one `Measured` per measure, and the equations.

Belongs here: what is known, hidden or absent in each release. Does not belong here: bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dagster_project.disclosure.attack.blocks import CLASSES, Block, Rows
from dagster_project.disclosure.attack.catalogue import Catalogue, Flags, Floats, Ints, Measure
from dagster_project.disclosure.attack.names import BASE, CLOSE, INVITED

N, TOP, BOTTOM, PLUS, MINUS = (
    CLASSES.index(name) for name in ("n", "top", "bottom", "plus", "minus")
)


@dataclass(frozen=True)
class Equations:
    """`sign[i] * cell[i]` summed over the entries of a row is 0; the parent has sign -1.

    Entries are sorted by row; `parent` has one cell per row.
    """

    row: Ints
    cell: Ints
    sign: Floats
    parent: Ints


@dataclass(frozen=True)
class Measured:
    """One measure in every release (first axis) and cell of the block (last axis).

    `values` has the tables on the middle axis: `n`, then one per class of scores. All of them are
    nonnegative and obey the same equations; n is the sum of the classes and the total of scores
    their sum weighted with `scores` (in a weighted study, of weights instead of respondents). The
    classes of a distribution are its answers, and where respondents give several of them, the
    numbers of those who did not give each, too.
    `values` are 0 where nobody is and NaN where hidden; `whole` says which tables are counts.
    """

    number: int
    measure: Measure
    scores: tuple[float, ...]
    whole: tuple[bool, ...]
    values: Floats
    present: Flags
    hidden: Flags
    scope: Flags

    @property
    def known(self) -> Flags:
        """In scope and not hidden: published, or without a row and therefore empty."""
        return self.scope & ~self.hidden


def equations_of(block: Block, catalogue: Catalogue) -> Equations:
    """Every equation between cells of the block: parent = sum of the children that exist."""
    digits = catalogue.digits(block.keys)
    rows, cells, signs, parents = [], [], [], []
    count = 0
    for node in catalogue.nodes.get(block.study, ()):
        at = np.flatnonzero(digits[node.dimension] == node.parent)
        if not len(at):
            continue
        stride = catalogue.strides[node.dimension]
        wanted = block.keys[at][:, None] + (node.children - node.parent)[None, :] * stride
        place = np.minimum(np.searchsorted(block.keys, wanted), len(block.keys) - 1)
        exists = block.keys[place] == wanted
        row, child = np.nonzero(exists)
        rows += [row + count, np.arange(len(at)) + count]
        cells += [place[row, child], at]
        signs += [np.ones(len(row)), -np.ones(len(at))]
        parents.append(at)
        count += len(at)
    if not rows:
        return Equations(*(np.empty(0, np.int64),) * 2, np.empty(0), np.empty(0, np.int64))
    order = np.argsort(np.concatenate(rows), kind="stable")
    return Equations(
        np.concatenate(rows)[order],
        np.concatenate(cells)[order],
        np.concatenate(signs)[order],
        np.concatenate(parents),
    )


def measured_in(block: Block, catalogue: Catalogue) -> list[Measured]:
    """Every measure of the block; the number of respondents is the first."""
    periods = catalogue.digits(block.keys)[1]
    scope = np.stack([np.isin(periods, periods[rows.cell]) for rows in block.releases])
    numbers = np.unique(np.concatenate([rows.measure for rows in block.releases]))
    found = [_measured(int(number), block, catalogue, scope) for number in numbers]
    base = [one for one in found if one.measure.name == BASE]
    others = [one for one in found if one.measure.name != BASE]
    return [_base(block, base, others, scope), *others]


def _base(block: Block, named: list[Measured], others: list[Measured], scope: Flags) -> Measured:
    """Add to the respondents the cells that have a row of another table only, hidden."""
    shape = (len(block.releases), 1, len(block.keys))
    if named:
        base = named[0]
    else:
        empty = np.zeros((shape[0], shape[2]), dtype=bool)
        measure = Measure(block.study, BASE, "count", 0.0, 1.0, weighted=False)
        base = Measured(-1, measure, (), (True,), np.zeros(shape), empty, empty, scope)
    anywhere = np.zeros_like(base.present)
    for other in others:
        if other.measure.name != INVITED:
            anywhere |= other.present
    unnamed = anywhere & ~base.present
    values = base.values.copy()
    values[:, 0][unnamed] = np.nan
    return Measured(
        base.number,
        base.measure,
        (),
        (True,),
        values,
        base.present | unnamed,
        base.hidden | unnamed,
        scope,
    )


def _measured(number: int, block: Block, catalogue: Catalogue, scope: Flags) -> Measured:
    measure = catalogue.measures[number]
    of_measure = [_only(rows, rows.measure == number) for rows in block.releases]
    columns, scores, whole = _classes(measure, of_measure)
    size = len(block.keys)
    shape = (len(block.releases), size)
    present, hidden = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    values = np.zeros((shape[0], 1 + len(columns), size))
    for release, rows in enumerate(of_measure):
        bare = _only(rows, rows.answer == -1)
        present[release, bare.cell] = True
        hidden[release, bare.cell] = bare.hidden
        values[release, 0, bare.cell] = bare.values[:, N]
        for place, (answer, column) in enumerate(columns, start=1):
            part = bare if answer == -1 else _only(rows, rows.answer == answer)
            values[release, place, part.cell] = part.values[:, column]
        # an answer that is newer than a frozen cell is hidden in it: nobody had given it
        values[release] = np.nan_to_num(values[release])
        values[release][:, hidden[release]] = np.nan
    asked = np.array([len(rows.cell) > 0 for rows in of_measure])
    tidy = np.where(np.abs(values - np.round(values)) < CLOSE, np.round(values), values)
    for table, count in enumerate(whole):
        if count:
            values[:, table] = tidy[:, table]
    return Measured(number, measure, scores, whole, values, present, hidden, scope & asked[:, None])


def _only(rows: Rows, mask: Flags) -> Rows:
    return Rows(
        rows.measure[mask], rows.answer[mask], rows.cell[mask], rows.hidden[mask], rows.values[mask]
    )


def _classes(
    measure: Measure, releases: list[Rows]
) -> tuple[list[tuple[int, int]], tuple[float, ...], tuple[bool, ...]]:
    """(answer, column) of each class table, the score of each class, and which tables are counts.

    Falls back on fewer classes where a published row lacks what they need.
    """
    values = np.concatenate([rows.values[~rows.hidden] for rows in releases])
    answers = np.concatenate([rows.answer[~rows.hidden] for rows in releases])
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
