"""One block of cells that know of no others, as arrays, and what names are coded by.

Belongs here: names to numbers and back, the figures of a block. Does not belong here: where blocks
come from (cut), the attack on one (on_block).

The attack on a block runs in processes of its own, so nothing that it needs loads data frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dagster_project.disclosure.attack.layout import TOTAL, Flags, Floats, Ints, Layout

CLASSES = ("n", "weight", "top", "bottom", "plus", "zero", "minus")
BOUNDED = ("n", "top", "bottom")
"""The classes of which a hidden row may tell bounds, as `<class>_low` and `<class>_high`."""
UNION = "union"
"""The figure of a target that says: this hidden leaf may be a member of a small union."""


@dataclass(frozen=True)
class Measure:
    """One additive figure of a table.

    `kind` is `count`, `mean`, `net`, `share` or `distribution`; `low` and `high` are the ends of
    the scale (0 and 1 for counts and answers); `answers` are the codes of a distribution and
    `single` says whether each respondent gives one of them.
    """

    table: str
    name: str
    kind: str
    low: float
    high: float
    weighted: bool
    answers: tuple[str, ...] = ()
    single: bool = True


@dataclass(frozen=True)
class Node:
    """A complete partition: the value `parent` of a dimension is the sum of the `children`."""

    dimension: int
    parent: int
    children: Ints


@dataclass(frozen=True)
class Catalogue:
    """Everything that names are coded by.

    `labels` are the values of each dimension; a cell is the number whose digits, with weights
    `strides`, are the positions of its values there. `kinds` has, for each value, the number of
    what may be asked of it (see `Layout`); `nodes` are the partitions of each table.
    """

    layout: Layout
    labels: tuple[tuple[str, ...], ...]
    strides: tuple[int, ...]
    measures: tuple[Measure, ...]
    kinds: tuple[Ints, ...]
    nodes: Mapping[str, tuple[Node, ...]]

    def digits(self, keys: Ints) -> Ints:
        """Positions of the values of each cell: one row per dimension."""
        pairs = zip(self.strides, self.labels, strict=True)
        return np.stack([keys // stride % max(1, len(values)) for stride, values in pairs])

    def kind_of(self, keys: Ints) -> Ints:
        """Return the number of what may be asked of each cell."""
        code = np.zeros(len(keys), dtype=np.int64)
        for digits, kinds in zip(self.digits(keys), self.kinds, strict=True):
            code = code * (1 + int(kinds.max(initial=0))) + kinds[digits]
        return code

    def label(self, key: int) -> str:
        """Name a cell for people: its values that are not `all`, separated by blanks."""
        values = [
            labels[key // stride % len(labels)]
            for labels, stride in zip(self.labels, self.strides, strict=True)
        ]
        return " ".join(value for value in values if value != TOTAL) or TOTAL


@dataclass(frozen=True)
class Rows:
    """Rows of one vintage of a block; arrays with one entry per published or hidden row.

    `measure` and `answer` are numbers of the catalogue (answer -1 where there is none), `cell` is
    a position in the block's cells and `values` has a column for each of `CLASSES`; `low` and
    `high` have those of `BOUNDED`, NaN where nothing is told.
    """

    measure: Ints
    answer: Ints
    cell: Ints
    hidden: Flags
    values: Floats
    low: Floats
    high: Floats

    def only(self, mask: Flags) -> Rows:
        """Return some of the rows."""
        return Rows(
            self.measure[mask],
            self.answer[mask],
            self.cell[mask],
            self.hidden[mask],
            self.values[mask],
            self.low[mask],
            self.high[mask],
        )


@dataclass(frozen=True)
class Targets:
    """The figures whose intervals matter, and how far is far enough; `figure` -1 is a union."""

    measure: Ints
    cell: Ints
    figure: Ints
    vintage: Ints
    low: Floats
    high: Floats

    def only(self, mask: Flags) -> Targets:
        """Return some of the targets."""
        return Targets(
            self.measure[mask],
            self.cell[mask],
            self.figure[mask],
            self.vintage[mask],
            self.low[mask],
            self.high[mask],
        )


@dataclass(frozen=True)
class Changed:
    """People behind the difference of two vintages, per leaf and measure.

    `to` is the leaf where movers are in the later vintage, -1 for those who did not move or are
    gone from the block; `altered` marks movers who also changed otherwise.
    """

    measure: Ints
    cell: Ints
    to: Ints
    before: Ints
    after: Ints
    people: Ints
    mover: Flags
    altered: Flags


@dataclass(frozen=True)
class Block:
    """One block: the numbers of its cells (sorted) and what each vintage says, 0 first.

    `asked` has (measure, kind of cell) that are asked, as `measure * span + kind`, sorted, for each
    vintage; `targets` is None if every interval matters; people counted in measures that are
    `apart` need not have responded in the same cell.
    """

    table: str
    keys: Ints
    vintages: Mapping[int, Rows]
    asked: Mapping[int, Ints]
    span: int
    targets: Targets | None
    changed: Changed | None
    apart: frozenset[int]
